//! A client that knows nothing but HTTP and JSON.

use std::sync::Once;

use reqwest::{Method, Response};
use serde_json::{Value, json};
use simulator::{DEFAULT_APP_ID, DEFAULT_SECRET, ServerOptions, Simulator, Tenant};

use crate::world::TENANT_ID;

/// A simulator and a signed-in client of it.
pub(crate) struct Client {
    pub(crate) simulator: Simulator,
    pub(crate) http: reqwest::Client,
    token: String,
}

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    /// The error's code.
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("because headers are ASCII"))
    }

    /// The objects of a list.
    pub(crate) fn items(&self) -> &[Value] {
        let items = self.body["value"].as_array();
        items.unwrap_or_else(|| panic!("no list: {}", self.body))
    }

    pub(crate) fn ids(&self) -> Vec<&str> {
        let ids = self.items().iter().map(|item| item["id"].as_str());
        ids.map(|id| id.expect("because every object has an id"))
            .collect()
    }

    pub(crate) fn link(&self, name: &str) -> Option<&str> {
        self.body[name].as_str()
    }
}

/// A client that trusts nobody and follows nothing.
pub(crate) fn http_client() -> reqwest::Client {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // Fails only where one is installed already.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("because nothing in it can fail")
}

impl Client {
    /// Serves a tenant and signs in to it.
    pub(crate) async fn start(tenant: Tenant, options: ServerOptions) -> Self {
        let simulator = Simulator::start(tenant, options)
            .await
            .expect("because a port is free");
        let mut client = Self {
            simulator,
            http: http_client(),
            token: String::new(),
        };
        client.sign_in().await;
        client
    }

    /// Gets a new token.
    pub(crate) async fn sign_in(&mut self) {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", DEFAULT_APP_ID),
            ("client_secret", DEFAULT_SECRET),
            ("scope", "https://graph.microsoft.com/.default"),
        ];
        let url = format!("{}/{TENANT_ID}/oauth2/v2.0/token", self.simulator.url());
        let response = self
            .http
            .post(url)
            .form(&form)
            .send()
            .await
            .expect("because it listens");
        let answer = read(response).await;
        let token = answer.body["access_token"].as_str();
        token
            .unwrap_or_else(|| panic!("{answer:?}"))
            .clone_into(&mut self.token);
    }

    /// Gets a token of a person, by device code.
    pub(crate) async fn sign_in_with_device(&mut self) {
        let root = format!("{}/{TENANT_ID}/oauth2/v2.0", self.simulator.url());
        let id = ("client_id", DEFAULT_APP_ID);
        let scope = ("scope", "https://graph.microsoft.com/.default");
        let form = [id, scope];
        let response = self
            .http
            .post(format!("{root}/devicecode"))
            .form(&form)
            .send();
        let device = read(response.await.expect("because it listens")).await;
        let code = device.body["device_code"].as_str().unwrap_or_default();
        let grant = ("grant_type", "urn:ietf:params:oauth:grant-type:device_code");
        let form = [grant, id, ("device_code", code)];
        loop {
            let response = self.http.post(format!("{root}/token")).form(&form).send();
            let answer = read(response.await.expect("because it listens")).await;
            if let Some(token) = answer.body["access_token"].as_str() {
                token.clone_into(&mut self.token);
                return;
            }
            assert_eq!(answer.body["error"], "authorization_pending");
        }
    }

    /// Sends a request to a path below the host, or to a whole URL.
    pub(crate) async fn send(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> reqwest::Result<Response> {
        let whole = if url.starts_with("http") {
            url.to_owned()
        } else {
            format!("{}{url}", self.simulator.url())
        };
        let method: Method = method.parse().expect("because it is a method");
        let mut request = self.http.request(method, whole).bearer_auth(&self.token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.get_with(url, &[]).await
    }

    pub(crate) async fn get_with(&self, url: &str, headers: &[(&str, &str)]) -> Answer {
        read(
            self.send("GET", url, headers, None)
                .await
                .expect("because it answers"),
        )
        .await
    }

    pub(crate) async fn call(&self, method: &str, url: &str, body: Value) -> Answer {
        let body = (!body.is_null()).then_some(body);
        read(
            self.send(method, url, &[], body)
                .await
                .expect("because it answers"),
        )
        .await
    }

    /// Every object of a list, page by page.
    pub(crate) async fn all(&self, url: &str) -> Vec<Value> {
        let (items, _) = self.round(url).await;
        items
    }

    /// Every object of a list or delta round, and the link to the next round.
    pub(crate) async fn round(&self, url: &str) -> (Vec<Value>, Option<String>) {
        let mut items = Vec::new();
        let mut next = url.to_owned();
        loop {
            let answer = self.get(&next).await;
            assert_eq!(answer.status, 200, "{next}: {}", answer.body);
            items.extend_from_slice(answer.items());
            match answer.link("@odata.nextLink") {
                Some(link) => link.clone_into(&mut next),
                None => return (items, answer.link("@odata.deltaLink").map(str::to_owned)),
            }
        }
    }

    /// Sends requests in one batch; the answers by id.
    pub(crate) async fn batch(&self, requests: Value) -> Answer {
        self.call("POST", "/v1.0/$batch", json!({ "requests": requests }))
            .await
    }
}

/// Reads an answer whole; a body that is not JSON becomes a text.
pub(crate) async fn read(response: Response) -> Answer {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let text = response.text().await.expect("because the body is whole");
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer {
        status,
        headers,
        body,
    }
}
