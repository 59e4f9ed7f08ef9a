//! A key in another process: any key service becomes a `Signer`, and the private key never comes near Lockage.
//!
//! The process here is this program itself, started with `hold-a-key`. It answers lines on standard input with lines on
//! standard output; yours may speak to an HSM, a KMS or a smart card. First it says `key` and the public key in DER; then
//! `sign` is answered with `signature`, or with `refused` and why. What follows the words is in base64.
#![allow(clippy::print_stdout)]

use std::io::{self, BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use async_trait::async_trait;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use lockage_registry::testing::fixtures;
use lockage_registry::{Memory, Reference};
use lockage_signing::sign::Signing;
use lockage_signing::{KeyPair, Policy, PublicKey, Signer, SigningError, Verifier, VerifyingKey};

type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// The longest line that is read; a signature is far shorter.
const LONGEST: u64 = 64 * 1024;

/// A signer whose key is wherever the lines lead.
#[derive(Debug)]
struct External {
    key: VerifyingKey,
    lines: Arc<Mutex<Lines>>,
}

/// Both ends of a conversation, and the process at the other end.
struct Lines {
    to: Box<dyn Write + Send>,
    from: Box<dyn BufRead + Send>,
    process: Option<Child>,
}

impl External {
    /// Starts a process that holds a key.
    fn start(command: &mut Command) -> Result<Self, AnyError> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(to), Some(from)) = (process.stdin.take(), process.stdout.take()) else {
            return Err("the process has no pipes".into());
        };
        Self::over(to, from, Some(process))
    }

    /// Talks to whoever is at the other end.
    fn over(
        to: impl Write + Send + 'static,
        from: impl Read + Send + 'static,
        process: Option<Child>,
    ) -> Result<Self, AnyError> {
        let mut lines = Lines { to: Box::new(to), from: Box::new(BufReader::new(from)), process };
        let key = VerifyingKey::new(PublicKey::from_der(lines.read("key")?)?)?;
        Ok(Self { key, lines: Arc::new(Mutex::new(lines)) })
    }
}

#[async_trait]
impl Verifier for External {
    fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }

    /// Needs nobody's secret, so it is done here.
    async fn verify(&self, message: &[u8], signature: &[u8]) -> Result<bool, SigningError> {
        self.key.verify(message, signature).await
    }
}

#[async_trait]
impl Signer for External {
    async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let (lines, message) = (Arc::clone(&self.lines), BASE64_STANDARD.encode(message));
        // One question at a time, and none of the runtime's threads waits for the answer.
        let answer = tokio::task::spawn_blocking(move || {
            let mut lines = lines.lock().map_err(|_| "an earlier question was cut off")?;
            lines.ask(&message)?;
            lines.read("signature")
        });
        answer.await?
    }
}

impl Lines {
    /// Puts a question. A pipe that nobody reads says no more than a line that never comes.
    fn ask(&mut self, message: &str) -> Result<(), AnyError> {
        let asked = writeln!(self.to, "sign {message}").and_then(|()| self.to.flush());
        asked.map_err(|error| match error.kind() {
            io::ErrorKind::BrokenPipe => "the key holder has gone".into(),
            _ => error.into(),
        })
    }

    /// The next line, which has to begin with this word.
    fn read(&mut self, word: &str) -> Result<Vec<u8>, AnyError> {
        let mut line = String::new();
        self.from.by_ref().take(LONGEST).read_line(&mut line)?;
        let line = line.strip_suffix('\n').ok_or("the key holder has gone")?;
        match line.split_once(' ') {
            Some((said, rest)) if said == word => Ok(BASE64_STANDARD.decode(rest)?),
            Some(("refused", why)) => Err(format!("the key holder refuses: {why}").into()),
            _ => Err("the key holder answers something else".into()),
        }
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lines(process {:?})", self.process.as_ref().map(Child::id))
    }
}

impl Drop for Lines {
    /// The process ends with its standard input.
    fn drop(&mut self) {
        self.to = Box::new(io::sink());
        if let Some(process) = &mut self.process {
            let _ = process.wait();
        }
    }
}

/// The other end: makes a key, says which, and signs what it is given until nobody asks any more.
async fn hold(key: &dyn Signer, from: impl Read, mut to: impl Write) -> Result<(), AnyError> {
    writeln!(to, "key {}", BASE64_STANDARD.encode(key.public_key().as_der()))?;
    to.flush()?;
    for line in BufReader::new(from).lines() {
        let line = line?;
        let message = line.strip_prefix("sign ").ok_or("an unknown question")?;
        match key.sign(&BASE64_STANDARD.decode(message)?).await {
            Ok(signature) => writeln!(to, "signature {}", BASE64_STANDARD.encode(signature))?,
            Err(_) => writeln!(to, "refused the key cannot be used")?,
        }
        to.flush()?;
    }
    Ok(())
}

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    if std::env::args().nth(1).as_deref() == Some("hold-a-key") {
        return hold(&KeyPair::generate()?, io::stdin(), io::stdout()).await;
    }
    let signer = External::start(Command::new(std::env::current_exe()?).arg("hold-a-key"))?;
    println!("{}", signer.public_key().to_pem());

    let registry = Memory::new("registry.test".parse()?);
    let app: Reference = "registry.test/app:v1".parse()?;
    let image = fixtures::image(1);
    fixtures::push(&registry, app.repository(), &image, app.tag().ok_or("no tag")?).await?;
    let digest = image.root().digest();
    let now = SystemTime::now();
    let signed = Signing::with(&signer).claim("env", "prod").sign(&registry, app.repository(), digest, now).await?;
    for mark in &signed.marks {
        println!("{:?}: {}", mark.outcome, mark.place);
    }

    // Whoever verifies has the public key, and nothing of the process.
    let key = VerifyingKey::from_pem(signer.public_key().to_pem())?;
    let outcome = Policy::of_key(key)?.verify(&registry, app.repository(), digest, now).await;
    println!("{outcome}: {digest}");
    outcome.verified().map(drop).ok_or_else(|| "the signature does not verify".into())
}

#[cfg(test)]
mod tests {
    use std::thread;

    use futures::TryStreamExt as _;
    use lockage_registry::{Digest, Source as _};
    use lockage_signing::Error;
    use lockage_signing::verify::Outcome;

    use super::*;

    /// A signer whose key is at the other end of two pipes.
    fn elsewhere(hold: impl FnOnce(io::PipeReader, io::PipeWriter) + Send + 'static) -> Result<External, AnyError> {
        let (questions, to) = io::pipe()?;
        let (from, answers) = io::pipe()?;
        thread::spawn(move || hold(questions, answers));
        External::over(to, from, None)
    }

    /// Runs a future on a thread that has no runtime.
    fn wait(future: impl Future<Output = Result<(), AnyError>>) -> Result<(), AnyError> {
        tokio::runtime::Builder::new_current_thread().build()?.block_on(future)
    }

    /// An image in a registry.
    async fn image() -> Result<(Memory, Reference, Digest), AnyError> {
        let registry = Memory::new("registry.test".parse()?);
        let app: Reference = "registry.test/app:v1".parse()?;
        let image = fixtures::image(1);
        fixtures::push(&registry, app.repository(), &image, app.tag().ok_or("no tag")?).await?;
        Ok((registry, app, image.root().digest().clone()))
    }

    /// Signs it by `signer`, which does not work, and looks that nothing was stored.
    async fn refused(signer: &External) -> Result<Error, AnyError> {
        let (registry, app, digest) = image().await?;
        let signing = Signing::with(signer);
        let error = signing.sign(&registry, app.repository(), &digest, SystemTime::now()).await.err();
        let policy = Policy::of_key(VerifyingKey::new(signer.public_key().clone())?)?;
        let outcome = policy.verify(&registry, app.repository(), &digest, SystemTime::now()).await;
        assert!(matches!(outcome, Outcome::Unsigned), "{outcome:?}");
        let tags: Vec<_> = registry.tags(app.repository()).try_collect().await?;
        assert_eq!(tags.len(), 1, "{tags:?}");
        error.ok_or_else(|| "it was signed".into())
    }

    #[tokio::test]
    async fn an_image_is_signed_by_a_key_that_is_elsewhere() -> Result<(), AnyError> {
        let key = KeyPair::generate()?;
        let policy = Policy::of_key(key.verifying_key().clone())?;
        let signer = elsewhere(move |from, to| {
            let _ = wait(hold(&key, from, to));
        })?;
        let (registry, app, digest) = image().await?;
        Signing::with(&signer).sign(&registry, app.repository(), &digest, SystemTime::now()).await?;
        let outcome = policy.verify(&registry, app.repository(), &digest, SystemTime::now()).await;
        let verified = outcome.verified().ok_or("it does not verify")?;
        assert_eq!(verified.accepted.len(), 2, "one in each layout");
        Ok(())
    }

    #[tokio::test]
    async fn a_key_holder_that_dies_or_refuses_signs_nothing() -> Result<(), AnyError> {
        let key = BASE64_STANDARD.encode(KeyPair::generate()?.public_key().as_der());
        for (answer, why) in
            [("", "has gone"), ("refused not today\n", "not today"), ("signature !\n", "Invalid"), ("hi\n", "else")]
        {
            let greeting = format!("key {key}\n");
            let signer = elsewhere(move |from, mut to| {
                let _ = to.write_all(greeting.as_bytes());
                // Each layout of a signature has its question, and which comes first is not said.
                let questions = BufReader::new(from).lines().map_while(Result::ok);
                for _ in questions.take_while(|_| !answer.is_empty()) {
                    let _ = to.write_all(answer.as_bytes());
                }
            })?;
            let Error::Key { source, .. } = refused(&signer).await? else { return Err("another error".into()) };
            assert!(source.to_string().contains(why), "{source}");
        }
        Ok(())
    }

    #[tokio::test]
    async fn a_key_holder_that_signs_with_another_key_than_it_says_is_noticed() -> Result<(), AnyError> {
        let (said, used) = (KeyPair::generate()?, KeyPair::generate()?);
        let greeting = format!("key {}\n", BASE64_STANDARD.encode(said.public_key().as_der()));
        let signer = elsewhere(move |from, mut to| {
            let _ = to.write_all(greeting.as_bytes());
            // Its own greeting, with the key that it uses, goes nowhere.
            let silent = SkipLine { to, skipped: false };
            let _ = wait(hold(&used, from, silent));
        })?;
        let error = refused(&signer).await?;
        assert!(matches!(error, Error::NotOwn { .. }), "{error:?}");
        Ok(())
    }

    /// Loses its first line.
    struct SkipLine<W> {
        to: W,
        skipped: bool,
    }

    impl<W: Write> Write for SkipLine<W> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.skipped { self.to.write(bytes) } else { Ok(bytes.len()) }
        }

        fn flush(&mut self) -> io::Result<()> {
            self.skipped = true;
            self.to.flush()
        }
    }
}
