//! The conformance suite on docker-registry, by this project's own client and by `oci-client`; what they lack is declared.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use lockage_registry::testing::conformance::{self, Capabilities, Capability};
use lockage_registry::{OciClient, client::Client};
use oci_client::client::{ClientConfig, ClientProtocol};
use oci_client::secrets::RegistryAuth;
use real::DockerRegistry;

/// docker-registry 2.8.3, whoever asks it.
fn docker_registry() -> Capabilities {
    Capabilities::all()
        .without(Capability::ReferrersApi)
        .without(Capability::SubjectIndexed)
        .without(Capability::SortedTags)
        .without(Capability::DeclaredMediaType)
        .without(Capability::LayerUrls)
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn our_client() {
    let registry = DockerRegistry::start();
    let client = Client::builder().build().unwrap();
    let repository = registry.reference("conformance/suite").repository().clone();
    println!("{}", conformance::registry(&client, &repository, &docker_registry()).await.unwrap());
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn oci_client() {
    let registry = DockerRegistry::start();
    let protocol = ClientProtocol::HttpsExcept(vec![registry.host().to_owned()]);
    let theirs = oci_client::Client::try_from(ClientConfig { protocol, ..ClientConfig::default() }).unwrap();
    let client = OciClient::new(theirs, RegistryAuth::Anonymous);
    let repository = registry.reference("conformance/suite").repository().clone();
    // Tags are deleted by our client's detour alone.
    let capabilities = docker_registry()
        .without(Capability::DeleteManifest)
        .without(Capability::DeleteTag)
        .without(Capability::DeclaredMediaType);
    println!("{}", conformance::registry(&client, &repository, &capabilities).await.unwrap());
}
