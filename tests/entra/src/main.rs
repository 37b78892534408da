//! The simulated tenant as a program: prints one line of JSON when it is ready, and serves until it is interrupted.

use clap::{Parser, ValueEnum};
use entra::{Options, Server, Settings, TenantOptions};
use std::net::IpAddr;
use std::process::ExitCode;

/// A simulated Microsoft Entra tenant: identity platform, Microsoft Graph and a control API.
#[derive(Parser)]
struct Arguments {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// The port; 0 takes a free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Seed of people, groups, ids and secret.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// People, guests among them.
    #[arg(long, default_value_t = 200)]
    people: u32,
    /// Groups.
    #[arg(long, default_value_t = 20)]
    groups: u32,
    /// How deep the groups below a scope group are nested.
    #[arg(long, default_value_t = 4)]
    depth: u32,
    /// Scope groups.
    #[arg(long, default_value_t = 3)]
    roots: u32,
    /// One more group with so many direct members.
    #[arg(long)]
    large_group: Option<u32>,
    /// So many tenants, with seeds that count up.
    #[arg(long, default_value_t = 1)]
    tenants: u64,
    /// Milliseconds added to each Graph request.
    #[arg(long, default_value_t = 0)]
    page_delay_ms: u64,
    /// Throttling by resource units.
    #[arg(long, value_enum, default_value_t = Switch::On)]
    throttling: Switch,
    /// Rows on a delta page.
    #[arg(long, default_value_t = 200)]
    delta_page: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Switch {
    On,
    Off,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let server = match Server::start(options(&arguments)).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("entra: {error}");
            return ExitCode::FAILURE;
        }
    };
    println!("{}", describe(&server));
    // An error here means that signals cannot be listened to: serving on is all that is left.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
    server.stop().await;
    ExitCode::SUCCESS
}

fn options(arguments: &Arguments) -> Options {
    let mut settings = Settings {
        page_delay_millis: arguments.page_delay_ms,
        throttling: arguments.throttling == Switch::On,
        ..Settings::default()
    };
    settings.delta.page_size = arguments.delta_page;
    let tenant = |number: u64| TenantOptions {
        seed: arguments.seed + number,
        people: arguments.people,
        groups: arguments.groups,
        depth: arguments.depth,
        roots: arguments.roots,
        large_group: arguments.large_group,
        settings: settings.clone(),
        ..TenantOptions::default()
    };
    Options { address: arguments.address, port: arguments.port, tenants: (0..arguments.tenants).map(tenant).collect() }
}

fn describe(server: &Server) -> String {
    let origin = server.origin();
    let tenants = server.tenants();
    let first = tenants.first();
    serde_json::json!({
        "graphOrigin": origin, "loginOrigin": origin, "controlUrl": format!("{origin}/control"),
        "tenantId": first.map(|tenant| tenant.tenant_id),
        "clientId": first.map(|tenant| tenant.client_id),
        "clientSecret": first.map(|tenant| tenant.client_secret.clone()),
        "roots": first.map(|tenant| tenant.roots.clone()),
        "tenants": tenants,
    })
    .to_string()
}
