//! The API as we call it: one signed POST a page, signed anew on each try.

use std::sync::Arc;

use highwater_core::{Clock, Context, Error, ErrorKind, PageRequest, Result, Traffic};
use highwater_http::reqwest::multipart::Form;
use highwater_http::reqwest::{self, Url};
use highwater_http::{Answer, Call, Client, ClientSettings};

use crate::command::Command;
use crate::refusal;
use crate::settings::Account;
use crate::signature::sign;

/// One account at its endpoint.
#[derive(Debug)]
pub(crate) struct Api {
    client: Client,
    account: Account,
    endpoint: Url,
    real_clock: Arc<dyn Clock>,
}

impl Api {
    /// # Errors
    /// `Config` when `base_url` is not a URL.
    pub(crate) fn new(account: Account, context: &Context, traffic: Arc<Traffic>) -> Result<Self> {
        let secrets = [account.api_key.clone(), account.secret.clone()];
        let client = Client::new(ClientSettings::new(context).with_secrets(secrets), traffic)?;
        let endpoint = Url::parse(&format!("{}/stable/", account.base_url.trim_end_matches('/')))
            .map_err(|error| Error::new(ErrorKind::Config, "base_url is not a URL").with_source(error))?;
        Ok(Self { client, account, endpoint, real_clock: Arc::clone(&context.real_clock) })
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// Asks for one page and returns the answer, which is not a refusal but may be anything else.
    pub(crate) async fn ask(&self, request: &PageRequest) -> Result<Answer> {
        let command = Command::of(request, self.account.page_size)?;
        self.client.send(&SignedCall { api: self, command }).await
    }
}

struct SignedCall<'a> {
    api: &'a Api,
    command: Command,
}

impl Call for SignedCall<'_> {
    fn build(&self, http: &reqwest::Client) -> Result<reqwest::Request> {
        let Api { account, endpoint, real_clock, .. } = self.api;
        let members = self.command.members(account, real_clock.now().timestamp());
        let form = Form::new().text("json", sign(members, &account.secret));
        http.post(endpoint.clone()).multipart(form).build().map_err(|error| {
            Error::new(ErrorKind::Internal, "cannot build the request").with_source(error.without_url())
        })
    }

    fn classify(&self, answer: &Answer) -> Result<()> {
        let clock_ahead = answer.server_time.map(|theirs| self.api.real_clock.now() - theirs);
        refusal::classify(answer, clock_ahead)
    }

    fn describe(&self) -> String {
        self.command.describe()
    }
}
