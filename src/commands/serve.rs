//! `serve`: the HTTP API.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jiff::SignedDuration;
use query::Limits;
use serde_json::json;
use server::{Collecting, QueryOptions, Restoring, Server, ServerOptions, TenantOptions};
use store::{Archive, LocalStorage, Secrets, Storage};

use crate::app::{App, TOOL};
use crate::config::Config;
use crate::failure::{FAILED, Failure, NO_ARCHIVE, Result};
use crate::plans;
use crate::serving::{GuardArgs, address};
use crate::tenant::{Tenant, configured};

/// Serve the HTTP API
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  entrace serve --open                       on this machine, with the description in a browser
  entrace serve --listen 127.0.0.1:0 --json  on any free port, said as JSON
  entrace serve --listen 0.0.0.0:443 --tls-cert fullchain.pem --tls-key key.pem --read-only

Serves every tenant of the configuration, or the one of -t, or the archive of -a. On this machine whoever starts it gets a \
token for as long as it runs, in a file that only they can read; other tokens are made with entrace token create. Others are \
served only with TLS and a way to sign in. Ctrl-C or SIGTERM ends it: requests under way are finished.")]
pub(crate) struct ServeArgs {
    /// Address and port; port 0 takes any that is free. By default 127.0.0.1:7878, or as the configuration says
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Refuse whatever would change an archive or a tenant
    #[arg(long)]
    read_only: bool,
    /// Path under which everything is served, such as /entrace
    #[arg(
        long,
        value_name = "PATH",
        default_value = "",
        hide_default_value = true
    )]
    base_path: String,
    /// Open the description in a browser
    #[arg(long)]
    open: bool,
    /// Statements that run at the same time, of each tenant
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..))]
    workers: u8,
    /// Memory that a statement may take, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 512, value_parser = clap::value_parser!(u32).range(16..))]
    memory: u32,
    /// Folder with queries of your own; may be given several times
    #[arg(long = "library-dir", value_name = "DIR")]
    folders: Vec<PathBuf>,
    #[command(flatten)]
    guard: GuardArgs,
}

/// Time between two scheduled runs where nothing else is said.
const INTERVAL: SignedDuration = SignedDuration::from_mins(15);

pub(crate) fn run(app: &App, args: &ServeArgs) -> Result<u8> {
    let config = app.config()?;
    let settings = &config.shape.server;
    let address = address(config, args.listen.as_deref())?;
    let library = app.library(&args.folders, &[])?;
    app.warn_of_broken(&library);
    let defaults = QueryOptions::default();
    let limits = Limits {
        memory_bytes: usize::try_from(args.memory).unwrap_or(usize::MAX) << 20,
        time: settings
            .query_timeout
            .map_or(defaults.limits.time, |time| Some(time.0.unsigned_abs())),
        rows: settings.max_rows.or(defaults.limits.rows),
        ..defaults.limits
    };
    let options = ServerOptions {
        tool: TOOL.to_owned(),
        tenants: tenants(app, config)?,
        read_only: args.read_only || settings.read_only.unwrap_or(false),
        base_path: args.base_path.trim_end_matches('/').to_owned(),
        query: QueryOptions {
            workers: args.workers.into(),
            limits,
            ..defaults
        },
        library,
        guard: args.guard.options(config, address)?,
        ..ServerOptions::default()
    };
    let is_secure = options.guard.tls.is_some();
    let names: Vec<String> = options.tenants.iter().map(|own| own.name.clone()).collect();
    let base = options.base_path.clone();
    let runtime = app.runtime()?;
    runtime.block_on(async {
        let server = Server::bind(address, options)?;
        let url = url(server.address(), is_secure, &base);
        let shutdown = stop()?;
        say(app, &server, &url, &names)?;
        if args.open {
            open(app, &format!("{url}/docs"));
        }
        server.run(shutdown).await?;
        Ok::<(), Failure>(())
    })?;
    if !app.wants_json() && !app.globals.quiet {
        App::say("Stopped");
    }
    Ok(0)
}

/// Where it is reached from this machine.
fn url(address: SocketAddr, is_secure: bool, base: &str) -> String {
    let scheme = if is_secure { "https" } else { "http" };
    format!("{scheme}://{address}{base}")
}

fn say(app: &App, server: &Server, url: &str, names: &[String]) -> Result<()> {
    let session = server.session().map(|(_, path)| path);
    let session = session.map(|path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    if app.wants_json() {
        let token = session.map(|path| path.display().to_string());
        return app.print(&format!(
            "{}\n",
            json!({"message_type": "listening", "url": url, "tenants": names, "token_file": token})
        ));
    }
    if app.globals.quiet {
        return Ok(());
    }
    App::say(&format!("Serving {} at {url}", names.join(", ")));
    if let Some(path) = session {
        let file = path.display();
        App::say(&format!("Its token, while it runs, is in {file}; try:"));
        App::say(&format!(
            "  curl -H \"Authorization: Bearer $(cat '{file}')\" {url}/v1/tenants"
        ));
    }
    App::say(&format!("What else can be asked: {url}/docs"));
    Ok(())
}

/// What is served: the archive that was named, else every tenant of the configuration.
fn tenants(app: &App, config: &Config) -> Result<Vec<TenantOptions>> {
    if app.globals.archive.is_some() || config.shape.tenants.is_empty() {
        return Ok(vec![one(app)?]);
    }
    let secrets = app.keys()?.secrets()?;
    let mut all = Vec::new();
    for (name, settings) in &config.shape.tenants {
        let is_meant = app
            .globals
            .tenant
            .as_deref()
            .is_none_or(|meant| meant == name || settings.tenant_id.as_deref() == Some(meant));
        if !is_meant {
            continue;
        }
        let archive = settings.archive.clone();
        let archive = archive.or_else(|| config.shape.store.path.clone());
        let archive = archive.ok_or_else(|| {
            Failure::new(NO_ARCHIVE, format!("tenants.{name}.archive is missing"))
                .hint("say where the tenant's archive is")
        })?;
        // A tenant that cannot be reached is served all the same: what it was is in the archive.
        let tenant = configured(config, name, settings, None).ok();
        let restoring = match opened(&archive, &secrets) {
            Ok(opened) => Some(restoring(app, &opened, tenant.clone())?),
            Err(error) => {
                app.warn(&format!("tenant {name} is not served yet: {error}"));
                None
            }
        };
        all.push(TenantOptions {
            name: name.clone(),
            archive,
            secrets: secrets.clone(),
            collecting: tenant.and_then(|tenant| collecting(config, &tenant)),
            restoring,
        });
    }
    if all.is_empty() {
        let meant = app.globals.tenant.as_deref().unwrap_or_default();
        return Err(Failure::usage(format!("no tenant {meant:?} is configured")));
    }
    Ok(all)
}

/// The one archive that was named.
fn one(app: &App) -> Result<TenantOptions> {
    let secrets = app.opening_secrets()?;
    let archive = app.shared_archive()?;
    let config = app.config()?;
    let tenant = app.tenant(&[]).ok();
    let name = tenant.as_ref().and_then(|tenant| tenant.name.clone());
    Ok(TenantOptions {
        name: name.unwrap_or_else(|| named_after(archive.tenant())),
        archive: app.path()?,
        secrets,
        restoring: Some(restoring(app, &archive, tenant.clone())?),
        collecting: tenant.and_then(|tenant| collecting(config, &tenant)),
    })
}

fn opened(path: &Path, secrets: &Secrets) -> store::Result<Arc<Archive>> {
    let storage: Arc<dyn Storage> = Arc::new(LocalStorage::new(path));
    Archive::open(storage, secrets).map(Arc::new)
}

/// What a tenant's plans may do. The credential that may write is loaded when one runs, and not before.
fn restoring(app: &App, archive: &Arc<Archive>, tenant: Option<Tenant>) -> Result<Arc<Restoring>> {
    let reader = tenant.as_ref().and_then(|tenant| tenant.client().ok());
    let writer = move || match &tenant {
        Some(tenant) => tenant.write_client().map_err(|failure| match failure.hint {
            Some(hint) => format!("{}: {hint}", failure.message),
            None => failure.message,
        }),
        None => Err("the configuration does not say how this tenant is reached".to_owned()),
    };
    Ok(Arc::new(Restoring {
        policy: plans::policy(app, archive)?,
        approvers_file: app.config()?.shape.restore.approvers_file.clone(),
        reader,
        writer: Arc::new(writer),
    }))
}

/// A tenant's label as a name: `contoso.example` as `contoso-example`.
fn named_after(label: &str) -> String {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let name: String = label
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .collect();
    if name.is_empty() {
        "tenant".to_owned()
    } else {
        name
    }
}

/// How a tenant is read; `None` where it cannot be reached from here.
fn collecting(config: &Config, tenant: &Tenant) -> Option<Arc<Collecting>> {
    let is_scheduled = config.shape.server.schedule.unwrap_or(false);
    Some(Arc::new(Collecting {
        client: tenant.client().ok()?,
        request: tenant.request(),
        tags: tenant.tags.clone(),
        every: tenant.delta_every.map_or(INTERVAL, |every| every.0),
        whole: tenant.schedule.as_ref().map(|whole| (*whole.0).clone()),
        is_scheduled,
    }))
}

/// Done when somebody wants the server to end: Ctrl-C, or SIGTERM.
fn stop() -> Result<impl Future<Output = ()> + Send + 'static> {
    let deaf = |error| Failure::new(FAILED, format!("signals cannot be heard: {error}"));
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt()).map_err(deaf)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(deaf)?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    {
        let mut interrupt = tokio::signal::windows::ctrl_c().map_err(deaf)?;
        Ok(async move {
            interrupt.recv().await;
        })
    }
}

/// Opens an address in a browser, if the machine has one.
fn open(app: &App, url: &str) {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let started = std::process::Command::new(program)
        .arg(url)
        .stdin(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn();
    if started.is_err() {
        app.note(&format!("{program} cannot be started: open {url} yourself"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_becomes_a_name() {
        assert_eq!(named_after("contoso.example"), "contoso-example");
        assert_eq!(named_after(""), "tenant");
    }
}
