//! `lockage copy` killed at any moment (SIGKILL): the tag holds what it held or the whole image, and a second run ends
//! what the first began.
//!
//! `LOCKAGE_KILLS` says how often, and `LOCKAGE_SEED` repeats a run.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::print_stdout, missing_docs)]

mod real;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant, SystemTime};

use lockage_registry::client::Client;
use lockage_registry::testing::fixtures::{self, Image};
use real::{Attached, DockerRegistry, Parts as _, closure, isolated, lockage, platforms, run};

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text:?}")))
}

/// splitmix64: the `n`-th number out of `seed`.
fn random(seed: u64, n: u64) -> u64 {
    let mut z = seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The program as it is shipped, where there is one.
fn shipped() -> PathBuf {
    std::env::var_os("LOCKAGE").map_or_else(lockage, PathBuf::from)
}

struct World {
    dev: DockerRegistry,
    prod: DockerRegistry,
    client: Client,
    old: Image,
    new: Image,
    attached: Attached,
}

impl World {
    async fn start() -> Self {
        let new = platforms(2, &["amd64", "arm64", "s390x"], 1_500_000, 300_000);
        let world = Self {
            dev: DockerRegistry::start(),
            prod: DockerRegistry::start(),
            client: Client::builder().build().unwrap(),
            old: platforms(1, &["amd64", "arm64"], 20_000, 3_000),
            attached: Attached::to(&new),
            new,
        };
        world.push(&world.dev, "app", &world.new).await;
        world.attached.push(&world.client, world.dev.reference("app").repository()).await;
        world.attached.is_at(world.dev.host(), "app").unwrap();
        world
    }

    async fn push(&self, registry: &DockerRegistry, repository: &str, image: &Image) {
        let at = registry.reference(&format!("{repository}:v1"));
        fixtures::push(&self.client, at.repository(), image, at.tag().unwrap()).await.unwrap();
    }

    /// Every other repository holds another image under the tag.
    async fn prepare(&self, n: u64) -> String {
        let repository = format!("team/app-{n}");
        if n.is_multiple_of(2) {
            self.push(&self.prod, &repository, &self.old).await;
        }
        repository
    }

    fn names(&self, repository: &str) -> (String, String) {
        (format!("{}/app:v1", self.dev.host()), format!("{}/{repository}:v1", self.prod.host()))
    }

    /// How long a copy takes that is left alone: the middle of five, after one that warms up.
    async fn undisturbed(&self) -> Duration {
        let mut taken = Vec::new();
        for n in 0..6 {
            let repository = format!("{}-undisturbed", self.prepare(n).await);
            let (from, to) = self.names(&repository);
            let started = Instant::now();
            run(isolated(shipped()).args(["copy", &from, &to]));
            taken.push(started.elapsed());
        }
        taken.remove(0);
        taken.sort();
        taken[2]
    }

    /// True where the tag has moved: then all is there, what is attached included. Else it holds what it held.
    fn judge(&self, n: u64, repository: &str) -> Result<bool, String> {
        let found = closure(self.prod.host(), repository, "v1")?;
        match found {
            Some(found) if found == self.new.parts() => {
                self.attached.is_at(self.prod.host(), repository).map(|()| true)
            }
            Some(found) if n.is_multiple_of(2) && found == self.old.parts() => Ok(false),
            None if !n.is_multiple_of(2) => Ok(false),
            None => Err("the tag is gone".to_owned()),
            Some(found) => Err(format!("the tag leads to {:?}", found.keys())),
        }
    }
}

#[tokio::test]
#[ignore = "needs real registries and clients"]
async fn killed_at_any_moment_it_leaves_the_old_or_the_whole_new_image() {
    let kills = number("LOCKAGE_KILLS").unwrap_or(100);
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let seed = number("LOCKAGE_SEED").unwrap_or(since.as_secs());
    let world = World::start().await;
    let whole = world.undisturbed().await;
    println!("LOCKAGE_SEED={seed} LOCKAGE_KILLS={kills}, and a copy takes {whole:?}");

    let (mut in_flight, mut unmoved) = (0, 0);
    for n in 0..kills {
        let repository = world.prepare(n).await;
        let (from, to) = world.names(&repository);
        let after = whole.mul_f64((random(seed, n) >> 11) as f64 / (1_u64 << 53) as f64);
        let mut program = isolated(shipped());
        program.args(["copy", &from, &to]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = program.spawn().unwrap();
        std::thread::sleep(after);
        let ended = running.try_wait().unwrap();
        running.kill().unwrap();
        running.wait().unwrap();

        let moment = format!("LOCKAGE_SEED={seed}, kill {n} after {after:?} of {whole:?}");
        let moved = world.judge(n, &repository).unwrap_or_else(|why| panic!("{moment}: {why}"));
        assert!(ended.is_none_or(|status| status.success() && moved), "{moment}: it ended by itself, {ended:?}");
        in_flight += u64::from(ended.is_none());
        unmoved += u64::from(!moved);

        run(isolated(shipped()).args(["copy", &from, &to]));
        assert_eq!(world.judge(n, &repository), Ok(true), "{moment}: then run again");
    }
    println!("{in_flight} of {kills} were killed under way, {unmoved} before the tag had moved");
    assert!(3 * unmoved >= kills, "too few hit a copy under way for this to prove anything: {unmoved} of {kills}");
}
