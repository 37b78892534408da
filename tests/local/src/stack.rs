//! The whole stack: emulator, tenant, functions, gateway.

use crate::artifacts::{self, Artifacts, Profile};
use crate::deploy::{self, Parameters};
use crate::emulator::{Aws, Emulator, free_port};
use crate::error::{Error, Result};
use crate::gateway::Gateway;
use crate::lambda::{Folders, FunctionHost};
use crate::layout::Layout;
use crate::tenant::{Origins, Size, Tenant};
use crate::tools;
use std::collections::BTreeMap;
use std::time::Instant;

/// Address that the owners' mails come from.
pub const MAIL_FROM: &str = "rollcall@example.com";

/// How a stack is started.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Keeps stacks that run side by side apart; a folder below `.local/run` has this name.
    pub name: String,
    /// Port of the API; 0 takes a free one.
    pub port: u16,
    /// How the functions are built.
    pub profile: Profile,
    /// A tenant that somebody else serves, instead of ours.
    pub elsewhere: Option<Origins>,
    /// How large our tenant is.
    pub size: Size,
    /// [`prepare`] was done for this stack, by another process.
    pub prepared: bool,
    /// Keeps every call of an AWS API, for [`crate::audit`].
    pub record_calls: bool,
    /// Parameters of the template that differ from the local stack's.
    pub parameters: Parameters,
}

impl Options {
    /// A stack of this name with the demo's tenant.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }
}

/// A running stack. It ends with this value.
#[derive(Debug)]
pub struct Stack {
    layout: Layout,
    host: FunctionHost,
    gateway: Gateway,
    emulator: Emulator,
    tenant: Tenant,
    admin_token: String,
    platform: String,
}

impl Stack {
    /// Installs, builds, starts and deploys. `progress` is told what happens.
    ///
    /// # Errors
    /// Any of it failed; nothing is left running.
    pub async fn start(options: &Options, progress: &(dyn Fn(&str) + Sync)) -> Result<Self> {
        let layout = Layout::new(&options.name)?;
        // Before anything slow: a port that is taken is told at once.
        let gateway = Gateway::start(options.port).await?;
        let artifacts = match options.prepared {
            true => Artifacts::read(&layout)?,
            false => prepare(&layout, options, progress).await?,
        };

        let begun = Instant::now();
        let folders = Folders { run: layout.run().to_path_buf(), python: layout.tool("python") };
        let host = FunctionHost::start(folders).await?;
        let names = artifacts.functions.iter().map(|function| format!("{}-{function}", deploy::STACK));
        let addresses = names.map(|name| (name.clone(), host.address(&name))).collect();
        let (emulator, tenant) =
            tokio::try_join!(emulator(&layout, &addresses, options), tenant(&layout, &artifacts, options))?;
        progress(&format!("started the emulator and the tenant in {:.1} s", begun.elapsed().as_secs_f64()));

        let begun = Instant::now();
        let aws = emulator.aws();
        host.connect(aws);
        let platform = format!("http://127.0.0.1:{}", free_port()?);
        let mut parameters = parameters(aws, &gateway, tenant.origins(), &platform);
        parameters.extend(options.parameters.clone());
        deploy::deploy(&layout, aws, &artifacts.template, &parameters).await?;
        gateway.connect(aws, &deploy::api_id(aws).await?);
        let admin_token = aws.secret(&format!("/{}/admin-token", deploy::STACK)).await?;
        progress(&format!("deployed template.yaml in {:.1} s", begun.elapsed().as_secs_f64()));
        Ok(Self { layout, host, gateway, emulator, tenant, admin_token, platform })
    }

    /// Base URL of the API.
    pub fn url(&self) -> &str {
        self.gateway.url()
    }

    /// Bearer token of the admin API.
    pub fn admin_token(&self) -> &str {
        &self.admin_token
    }

    /// Where a platform may listen that is to be told of sign-outs. Nobody does yet.
    pub fn platform(&self) -> &str {
        &self.platform
    }

    /// The emulator's APIs.
    pub const fn aws(&self) -> &Aws {
        self.emulator.aws()
    }

    /// The tenant.
    pub const fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// The functions.
    pub const fn functions(&self) -> &FunctionHost {
        &self.host
    }

    /// Where logs and state are.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The processes that must not outlive the stack.
    pub fn processes(&self) -> Vec<u32> {
        self.emulator.process().into_iter().chain(self.tenant.process()).collect()
    }
}

/// Installs the tools while cargo builds, and puts everything where a stack starts from.
///
/// # Errors
/// Something cannot be installed, or does not compile.
pub async fn prepare(layout: &Layout, options: &Options, progress: &(dyn Fn(&str) + Sync)) -> Result<Artifacts> {
    layout.clear_run()?;
    let begun = Instant::now();
    let (executables, ()) = tokio::try_join!(
        artifacts::build(layout, options.profile, options.elsewhere.is_none()),
        tools::install(layout)
    )?;
    let artifacts = artifacts::assemble(layout, options.profile, &executables).await?;
    artifacts.write(layout)?;
    progress(&format!("tools and binaries are ready after {:.1} s", begun.elapsed().as_secs_f64()));
    Ok(artifacts)
}

async fn emulator(layout: &Layout, functions: &BTreeMap<String, String>, options: &Options) -> Result<Emulator> {
    if options.record_calls {
        Emulator::start_recording(layout, functions).await
    } else {
        Emulator::start(layout, functions).await
    }
}

async fn tenant(layout: &Layout, artifacts: &Artifacts, options: &Options) -> Result<Tenant> {
    match (&options.elsewhere, &artifacts.tenant) {
        (Some(origins), _) => Ok(Tenant::elsewhere(origins.clone())),
        (None, Some(executable)) => Tenant::start(layout, executable, options.size).await,
        (None, None) => Err(Error::Prerequisite("cargo built no simulated tenant".into())),
    }
}

fn parameters(aws: &Aws, gateway: &Gateway, origins: &Origins, platform: &str) -> Parameters {
    let values = [
        ("Architecture", deploy::architecture()),
        ("AwsEndpointUrl", aws.url()),
        ("DeletionProtection", "false"),
        ("GraphOrigin", origins.graph.as_str()),
        ("LoginOrigin", origins.login.as_str()),
        ("MailFrom", MAIL_FROM),
        ("PlatformOrigin", platform),
        ("PublicUrl", gateway.url()),
    ];
    values.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}
