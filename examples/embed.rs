//! Twenty lines to paste first: copies one image, with your docker login, and prints the plan and the receipt.
#![allow(clippy::print_stdout)]

use lockage_promote::ImageCopy;
use lockage_registry::{Reference, client::Client};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut references = std::env::args().skip(1);
    let staged: Reference = references.next().ok_or("usage: embed STAGED PUBLIC")?.parse()?;
    let public: Reference = references.next().ok_or("usage: embed STAGED PUBLIC")?.parse()?;

    let client = Client::builder().docker_config()?.build()?; // one client, any number of registries
    let copy = ImageCopy::new(&client, &staged).to(&client, &public);
    let plan = copy.plan().await?; // reads only; pins the digest
    println!("{plan}");
    let receipt = copy.apply(&plan).await?; // attachments before the tag, the tag last
    assert_eq!(receipt.digest(), plan.digest());
    println!("{receipt}");
    Ok(())
}
