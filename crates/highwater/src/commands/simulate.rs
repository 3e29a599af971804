//! `simulate`: the simulated providers, to rehearse against.

use std::sync::Arc;

use highwater_core::{Clock, Result, ShiftedClock, format_instant};
use highwater_http::SystemClock;

use crate::args::{Global, SimulateArgs};
use crate::output::print_text;
use crate::rehearsal::Rehearsal;
use crate::report::Exit;
use crate::signals::stop_token;

/// A rate that no client reaches by itself: what `simulate` asks clients to keep to is theirs to set.
const CONFIGURED_RATE: u32 = 50;

pub(crate) async fn run(global: &Global, args: &SimulateArgs) -> Result<Exit> {
    let real_clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let now = global.now.unwrap_or_else(|| real_clock.now());
    let clock = Arc::new(ShiftedClock::starting_at(now, Arc::clone(&real_clock)));
    let stop = stop_token()?;
    let rehearsal = Rehearsal::start(args.listen, clock, real_clock, None).await?;
    let start = (now - chrono::TimeDelta::days(7)).date_naive().to_string();
    let mut text = format!("the simulated world is at {} and runs on from there\n", format_instant(now));
    for (provider, url) in rehearsal.addresses() {
        text.push_str(&format!("{provider:<12} {url}\n"));
    }
    if let Some(folder) = &args.dir {
        let path = rehearsal.write_configuration(folder, &start, CONFIGURED_RATE)?;
        let then = global.now.map(|now| format!(" --now {}", format_instant(now))).unwrap_or_default();
        text.push_str(&format!("try: highwater --config {}{then} plan\n", path.display()));
    }
    text.push_str("stop with Ctrl-C\n");
    print_text(&text)?;
    stop.cancelled().await;
    Ok(Exit::Done)
}
