//! The simulated providers as `demo` and `simulate` offer them, and a configuration that reaches them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use highwater_core::{Clock, Error, ErrorKind, Result};
use highwater_simulator::api::ProviderApi;
use highwater_simulator::mux::assets::MuxWorld;
use highwater_simulator::mux::behaviour::MuxBehaviour;
use highwater_simulator::mux::{MuxApi, MuxCredentials};
use highwater_simulator::scaleengine::ScaleEngineApi;
use highwater_simulator::world::WorldSettings;
use highwater_simulator::wowza::{WowzaApi, WowzaCredentials};
use highwater_simulator::{RateLimit, RunningSimulator, Simulator};

/// How a configuration starts that may be written over.
const MARK: &str = "# Written by `highwater`";

/// One simulated provider: its API, the settings a source needs, and the secrets by setting.
struct Stage {
    api: Arc<dyn ProviderApi>,
    settings: String,
    secrets: Vec<(&'static str, String)>,
}

/// Simulated providers that listen. They stop when dropped.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    servers: Vec<Served>,
}

#[derive(Debug)]
struct Served {
    server: RunningSimulator,
    settings: String,
    secrets: Vec<(&'static str, String)>,
}

fn stages() -> Vec<Stage> {
    let world = WorldSettings::demo();
    let mux = MuxApi::new(
        MuxWorld::new(world),
        MuxCredentials::new("simulated-token-id", "simulated-token-secret"),
        MuxBehaviour::default(),
    );
    let wowza = WowzaApi::with_settings(world);
    let token = WowzaCredentials::default().token.expose().to_owned();
    let scaleengine = ScaleEngineApi::with_settings(world);
    let account = scaleengine.account();
    let signing = vec![("api_key", account.api_key.clone()), ("secret", account.secret.expose().to_owned())];
    vec![
        Stage {
            api: Arc::new(mux),
            settings: String::new(),
            secrets: vec![
                ("token_id", "simulated-token-id".to_owned()),
                ("token_secret", "simulated-token-secret".to_owned()),
            ],
        },
        Stage { api: Arc::new(wowza), settings: String::new(), secrets: vec![("token", token)] },
        Stage {
            settings: format!("cdn = {}\napps = \"all\"\n", account.cdn),
            secrets: signing,
            api: Arc::new(scaleengine),
        },
    ]
}

impl Rehearsal {
    /// Starts every simulated provider: the first at `listen`, the others at the ports after it, or all at free ports
    /// when its port is 0. `clock` says which usage exists yet. Each grants `limit` when one is given.
    ///
    /// # Errors
    /// `Config` when an address cannot be listened at.
    pub(crate) async fn start(
        listen: SocketAddr,
        clock: Arc<dyn Clock>,
        real_clock: Arc<dyn Clock>,
        limit: Option<RateLimit>,
    ) -> Result<Self> {
        let mut servers = Vec::new();
        for (index, stage) in (0_u16..).zip(stages()) {
            let port = if listen.port() == 0 { 0 } else { listen.port().saturating_add(index) };
            let address = SocketAddr::new(listen.ip(), port);
            let simulator = Simulator::builder(stage.api, Arc::clone(&clock), Arc::clone(&real_clock));
            let server = simulator.listen(address).rate_limit(limit).start().await.map_err(|source| {
                Error::new(ErrorKind::Config, format!("cannot listen at `{address}`"))
                    .with_hint("choose another address with --listen")
                    .with_source(source)
            })?;
            servers.push(Served { server, settings: stage.settings, secrets: stage.secrets });
        }
        Ok(Self { servers })
    }

    /// Each provider's name and where it listens.
    pub(crate) fn addresses(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        self.servers.iter().map(|served| (served.server.api().name(), served.server.base_url()))
    }

    /// Writes `highwater.toml` into `folder`, and beside it the simulated secrets that it points to. What was written
    /// there in this way before is replaced: ports differ from start to start.
    ///
    /// # Errors
    /// `Config` when the folder cannot be written, or holds a configuration that somebody else wrote.
    pub(crate) fn write_configuration(
        &self,
        folder: &Path,
        start: &str,
        requests_per_second: u32,
    ) -> Result<PathBuf> {
        let refused = |source: std::io::Error| {
            Error::new(ErrorKind::Config, format!("cannot write into `{}`", folder.display()))
                .with_hint("name another folder with --dir")
                .with_source(source)
        };
        let path = folder.join("highwater.toml");
        if std::fs::read_to_string(&path).is_ok_and(|text| !text.starts_with(MARK)) {
            return Err(Error::new(
                ErrorKind::Config,
                format!("`{}` is a configuration of yours", path.display()),
            )
            .with_hint("name another folder with --dir: nothing of yours is overwritten"));
        }
        let secrets = folder.join("secrets");
        std::fs::create_dir_all(&secrets).map_err(refused)?;
        let warehouse = folder.join("warehouse");
        let mut text = format!(
            "{MARK}: the simulated providers and a local warehouse.\n\n\
             [warehouse]\nurl = {}\n\n[defaults]\nstart = \"{start}\"\n",
            toml_text(&warehouse)
        );
        for served in &self.servers {
            let name = served.server.api().name();
            text.push_str(&format!(
                "\n[[source]]\nname = \"{name}-demo\"\nprovider = \"{name}\"\nbase_url = \"{}\"\nrequests_per_second = {requests_per_second}\n{}",
                served.server.base_url(),
                served.settings
            ));
            for (key, secret) in &served.secrets {
                let file = secrets.join(format!("{name}-{key}"));
                std::fs::write(&file, secret).map_err(refused)?;
                text.push_str(&format!("{key} = {{ file = {} }}\n", toml_text(&file)));
            }
        }
        std::fs::write(&path, text).map_err(refused)?;
        Ok(path)
    }
}

fn toml_text(path: &Path) -> String {
    toml_edit::Value::from(path.to_string_lossy().into_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_that_somebody_wrote_is_never_overwritten() {
        let folder = tempfile::TempDir::new().unwrap();
        let rehearsal = Rehearsal { servers: Vec::new() };
        let path = rehearsal.write_configuration(folder.path(), "2026-09-01", 5).unwrap();
        rehearsal.write_configuration(folder.path(), "2026-09-02", 5).unwrap();
        assert!(std::fs::read_to_string(&path).unwrap().contains("2026-09-02"), "its own is");
        std::fs::write(&path, "[warehouse]\n").unwrap();
        let error = rehearsal.write_configuration(folder.path(), "2026-09-03", 5).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "[warehouse]\n");
    }
}
