//! Promotes with an `oci_client::Client` that your program holds already, its settings and tokens included.
#![allow(clippy::print_stdout)]

use lockage_promote::ImageCopy;
use lockage_registry::{OciClient, Reference};
use oci_client::{Client, client::ClientConfig, client::ClientProtocol, secrets::RegistryAuth};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut references = std::env::args().skip(1);
    let staged: Reference = references.next().ok_or("usage: bring_your_client STAGED PUBLIC")?.parse()?;
    let public: Reference = references.next().ok_or("usage: bring_your_client STAGED PUBLIC")?.parse()?;

    let plain = [&staged, &public].map(|r| r.repository().host()).into_iter().filter(|host| host.is_loopback());
    let protocol = ClientProtocol::HttpsExcept(plain.map(ToString::to_string).collect());
    let yours = Client::try_from(ClientConfig { protocol, ..ClientConfig::default() })?;

    let registries = OciClient::new(yours, RegistryAuth::Anonymous);
    let copy = ImageCopy::new(&registries, &staged).to(&registries, &public);
    let receipt = copy.apply(&copy.plan().await?).await?;
    println!("{receipt}");
    Ok(())
}
