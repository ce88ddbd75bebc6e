//! `config`: what is configured, and where it comes from.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::app::App;
use crate::config::{Config, candidates, schema};
use crate::failure::Result;
use crate::output::{Grid, Tone};
use crate::tenant;

/// Show and check the configuration
#[derive(Debug, Args)]
#[command(after_help = "\
The file is the first there is of: --config FILE, ENTRACE_CONFIG, ./entrace.toml, entrace/entrace.toml in your folder \
for settings, /etc/entrace/entrace.toml. Profiles (-P NAME) are files beside it, laid over it. Over these come environment \
variables such as ENTRACE_COLLECT__MAX_REQUESTS or ENTRACE_TENANTS__CONTOSO__CLOUD, and over all of them options. Secrets \
are named by where they are, never written.

  [store]
  path = \"contoso.entrace\"

  [tenants.contoso]
  tenant_id = \"00000000-0000-0000-0000-000000000001\"
  auth = { method = \"certificate\", client_id = \"...\", certificate_file = \"contoso.pem\" }
  kinds = [\"@default\", \"-device\"]
  schedule = \"0 2 * * *\"
  delta_every = \"15m\"

  [collect]
  max_requests = 200000

  [server]
  listen = \"127.0.0.1:7878\"

  [restore]
  enabled = false
  require_second_person = true
  max_changes = 200
  protected = [\"user:breakglass1@contoso.example\"]")]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Every setting, and where it comes from
    Show,
    /// The files that are read, or that would be
    Path,
    /// Whether everything configured can work; nothing is sent
    Validate,
    /// JSON Schema of the file, for editors
    Schema,
}

pub(crate) fn run(app: &App, args: &ConfigArgs) -> Result<u8> {
    match args.what {
        What::Show => show(app)?,
        What::Path => path(app)?,
        What::Validate => validate(app)?,
        What::Schema => app.print_json(schema())?,
    }
    Ok(0)
}

/// Key, value and origin of a setting.
type Row = (String, toml::Value, String);

/// Settings of the command line, which stand above the configuration.
fn options(app: &App) -> Vec<Row> {
    let globals = &app.globals;
    let path = |path: &PathBuf| path.display().to_string();
    let keys = &globals.keys;
    let given = [
        (
            "archive",
            globals.archive.as_ref().map(path),
            "-a or ENTRACE_ARCHIVE",
        ),
        ("tenant", globals.tenant.clone(), "-t"),
        (
            "passphrase_file",
            keys.passphrase_file.as_ref().map(path),
            "--passphrase-file or ENTRACE_PASSPHRASE_FILE",
        ),
        (
            "passphrase_command",
            keys.passphrase_command.clone(),
            "--passphrase-command or ENTRACE_PASSPHRASE_COMMAND",
        ),
    ];
    let files = keys.key_file.iter().map(|file| {
        (
            "key_file",
            Some(path(file)),
            "--key-file or ENTRACE_KEY_FILE",
        )
    });
    let given = given.into_iter().chain(files);
    given
        .filter_map(|(key, value, origin)| Some((key.to_owned(), value?.into(), origin.to_owned())))
        .collect()
}

fn show(app: &App) -> Result<()> {
    let config = app.config()?;
    let settings = config.settings.0.iter();
    let mut rows: Vec<Row> = settings
        .map(|(path, setting)| {
            (
                path.join("."),
                setting.value.clone(),
                setting.origin.to_string(),
            )
        })
        .collect();
    rows.extend(options(app));
    if app.wants_json() {
        let settings: Vec<serde_json::Value> = rows
            .iter()
            .map(|(key, value, origin)| serde_json::json!({"key": key, "value": value, "origin": origin}))
            .collect();
        return app.print_json(&serde_json::json!({
            "file": config.file,
            "profiles": config.profiles,
            "settings": settings,
        }));
    }
    if rows.is_empty() {
        app.print("Nothing is configured: everything has its default\n")?;
        return app.next_command("config path");
    }
    let mut grid = Grid::new(&["key", "value", "from"], false);
    for (key, value, origin) in rows {
        grid.push(&[key, value.to_string(), origin]);
    }
    app.page(&grid.render(app.colour))?;
    app.next_command("config validate")
}

fn path(app: &App) -> Result<()> {
    let config = app.config()?;
    let named = app
        .globals
        .config
        .clone()
        .map_or_else(candidates, |named| vec![named]);
    if app.wants_json() {
        return app.print_json(&serde_json::json!({
            "file": config.file,
            "profiles": config.profiles,
            "searched": named,
        }));
    }
    let mut text = String::new();
    for path in &named {
        let state = match &config.file {
            Some(file) if file == path => app.colour.paint(Tone::Added, "read"),
            _ if path.is_file() => app
                .colour
                .paint(Tone::Faint, "not read: another comes first"),
            _ => app.colour.paint(Tone::Faint, "not there"),
        };
        let _ = writeln!(text, "{}  {state}", path.display());
    }
    for path in &config.profiles {
        let _ = writeln!(
            text,
            "{}  {}",
            path.display(),
            app.colour.paint(Tone::Added, "profile")
        );
    }
    app.print(&text)
}

fn validate(app: &App) -> Result<()> {
    let config = app.config()?;
    tenant::check(config)?;
    let tenants = config.shape.tenants.len() as u64;
    if app.wants_json() {
        return app.print_json(&serde_json::json!({
            "message_type": "summary",
            "valid": true,
            "file": config.file,
            "settings": config.settings.0.len(),
            "tenants": tenants,
        }));
    }
    app.print(&verdict(config))?;
    app.next_command("doctor")
}

/// What a sound configuration comes to, in one line.
fn verdict(config: &Config) -> String {
    let settings = crate::output::plural(config.settings.0.len() as u64, "setting");
    let tenants = crate::output::plural(config.shape.tenants.len() as u64, "tenant");
    match &config.file {
        Some(file) => format!("{} is valid: {settings}, {tenants}\n", file.display()),
        None => {
            format!("There is no configuration file; {settings} from the environment, {tenants}\n")
        }
    }
}
