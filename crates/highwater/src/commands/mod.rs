//! The commands, a file each.

mod audit;
mod check;
mod checkpoint;
mod demo;
mod execute;
mod explain;
mod fetch;
mod held;
mod init;
mod plan;
mod rebuild;
mod schema;
mod simulate;
mod status;
mod work;

use highwater_core::Result;

use crate::args::{Cli, Command};
use crate::config::Secrets;
use crate::report::Exit;
use crate::session::Session;
pub(crate) use audit::AuditArgs;
pub(crate) use checkpoint::CheckpointCommand;
pub(crate) use explain::ExplainArgs;
pub(crate) use held::HeldCommand;
pub(crate) use rebuild::RebuildArgs;

/// Runs the command that was asked for.
///
/// # Errors
/// Whatever stopped it; `report::failure` says it to the user.
pub(crate) async fn dispatch(cli: Cli) -> Result<Exit> {
    let Cli { global, command } = cli;
    match command {
        Command::Demo(args) => demo::run(&global, &args).await,
        Command::Init(args) => init::run(&global, &args),
        Command::Check(args) => check::run(&global, &args).await,
        Command::Plan(args) => plan::run(&global, &args).await,
        Command::Run(args) => execute::run(&global, &args).await,
        Command::Backfill(args) => execute::backfill(&global, &args).await,
        Command::Work(args) => work::run(&global, &args).await,
        Command::Daemon(args) => {
            let session = Session::open(&global, Secrets::Read)?;
            crate::daemon::run(session, args.listen, &global).await
        }
        Command::Status(args) => status::run(&global, &args).await,
        Command::Audit(args) => audit::run(&global, &args).await,
        Command::Explain(args) => explain::run(&global, &args).await,
        Command::Held(command) => held::run(&global, &command).await,
        Command::Checkpoint(command) => checkpoint::run(&global, &command).await,
        Command::Rebuild(args) => rebuild::run(&global, &args).await,
        Command::Fetch(args) => fetch::run(&global, &args).await,
        Command::Schema(command) => schema::export(&command),
        Command::Sql(args) => schema::sql(&global, &args).await,
        Command::Simulate(args) => simulate::run(&global, &args).await,
    }
}
