//! `FileLedger`: a ledger in a file, a line an entry.

mod queue;

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use async_trait::async_trait;
use fs4::FileExt;
use lockage_registry::Digest;

use super::export::Line;
use super::{Entry, History, Ledger, LedgerError, Recorded};
use crate::pipeline::Name;
use queue::Queue;

/// A ledger in a file: JSON lines, each an entry with its digest, each naming the line before it as its parent. Lines are
/// only ever added, by one process at a time, which a lock of the operating system sees to; an entry that was acknowledged
/// is on disk.
///
/// A line that was changed, left out or put elsewhere is found when the file is read, and so is one that ends in the
/// middle: none of them is history, and nothing is promoted until somebody has looked. What a file cannot tell is that
/// whole lines at its end are gone.
///
/// Entries that are appended while others are on their way to the disk go there together: many promotions at once wait for
/// few writes. A thread of its own waits for the disk. Reading blocks for as long as another process writes.
#[derive(Clone, Debug)]
pub struct FileLedger(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: PathBuf,
    known: Mutex<Known>,
    queue: Queue,
}

/// What was read, so that it is not read again.
#[derive(Debug, Default)]
struct Known {
    bytes: u64,
    entries: Vec<Recorded>,
    /// Whether a line has a seal, as those of an export have.
    sealed: bool,
    /// So many bytes are being added behind these by this process, and are acknowledged to nobody yet.
    under_way: u64,
}

impl FileLedger {
    /// The ledger in `file`. One that is not there yet is begun by the first entry.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self(Arc::new(Inner { file: file.into(), known: Mutex::default(), queue: Queue::default() }))
    }

    /// The file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.0.file
    }

    /// Cuts off a last line that ends in the middle, as a machine leaves it that was switched off while it wrote, and gives
    /// it back; `None` where the file ends with a whole line. Such an entry was never acknowledged. Every line before it is
    /// judged first.
    ///
    /// # Errors
    /// Where the file cannot be read or written, and where a line before the last is not what it has to be.
    pub fn mend(&self) -> Result<Option<String>, LedgerError> {
        let Some(mut file) = self.open(OpenOptions::new().read(true).write(true))? else { return Ok(None) };
        FileExt::lock(&file).map_err(failed("append to"))?;
        let mut known = self.known();
        let torn = self.catch_up(&mut file, &mut known)?;
        if torn.is_empty() {
            return Ok(None);
        }
        file.set_len(known.bytes).and_then(|()| file.sync_all()).map_err(failed("append to"))?;
        Ok(Some(String::from_utf8_lossy(&torn).into_owned()))
    }

    /// Writes every line as it stands, once all of them are judged: an export without signatures. Gives back how many there
    /// are. What a newer program has said in them stays in them.
    ///
    /// # Errors
    /// As those of reading; and where `out` cannot be written.
    pub fn export(&self, out: &mut dyn io::Write) -> Result<u64, LedgerError> {
        let Some(mut file) = self.open(OpenOptions::new().read(true))? else {
            return if self.known().entries.is_empty() { Ok(0) } else { Err(self.gone()) };
        };
        FileExt::lock_shared(&file).map_err(failed("read"))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(failed("read"))?;
        drop(file);
        let torn = bytes.split_off(whole(&bytes));
        // What is written is what is judged, whatever was read before.
        let mut known = Known::default();
        self.judge(&bytes, &mut known)?;
        self.refuse_torn(&torn, &known)?;
        out.write_all(&bytes).map_err(failed("export"))?;
        Ok(u64::try_from(known.entries.len()).unwrap_or(u64::MAX))
    }

    fn read(&self, image: Option<&Name>) -> Result<Vec<Recorded>, LedgerError> {
        let Some(mut file) = self.open(OpenOptions::new().read(true))? else {
            // A file that was there, and is gone, is no empty ledger.
            return if self.known().entries.is_empty() { Ok(Vec::new()) } else { Err(self.gone()) };
        };
        if let Some(entries) = self.read_already(&file, image)? {
            return Ok(entries);
        }
        // Always the lock of the file before that of what is known.
        FileExt::lock_shared(&file).map_err(failed("read"))?;
        let mut known = self.known();
        let torn = self.catch_up(&mut file, &mut known)?;
        self.refuse_torn(&torn, &known)?;
        Ok(known.about(image))
    }

    /// The entries, where nobody has added any that could be seen; then nobody has to be waited for.
    fn read_already(&self, file: &File, image: Option<&Name>) -> Result<Option<Vec<Recorded>>, LedgerError> {
        let length = file.metadata().map_err(failed("read"))?.len();
        let known = self.known();
        let is_all = (known.bytes..=known.bytes + known.under_way).contains(&length);
        Ok(is_all.then(|| known.about(image)))
    }

    /// Writes what waits, until nothing does.
    fn write_what_waits(&self) {
        while let Some(writing) = self.0.queue.take() {
            writing.done(|entries| self.add(entries));
        }
    }

    /// Adds entries, all or none, by one write.
    fn add(&self, entries: Vec<Entry>) -> Result<Vec<Digest>, LedgerError> {
        let is_new = !self.0.file.exists();
        if is_new && !self.known().entries.is_empty() {
            return Err(self.gone());
        }
        let mut options = OpenOptions::new();
        let Some(mut file) = self.open(options.read(true).append(true).create(true))? else { return Err(self.gone()) };
        FileExt::lock(&file).map_err(failed("append to"))?;
        let mut known = self.known();
        let torn = self.catch_up(&mut file, &mut known)?;
        self.refuse_torn(&torn, &known)?;
        if known.sealed {
            return Err(LedgerError::Exported { ledger: self.0.file.display().to_string() });
        }
        let mut parent = known.entries.last().map(|last| last.id.clone());
        let (mut added, mut lines) = (Vec::new(), Vec::new());
        for mut entry in entries {
            entry.parents = parent.into_iter().collect();
            let recorded = Recorded::new(entry)?;
            serde_json::to_writer(&mut lines, &recorded).map_err(failed("append to"))?;
            lines.push(b'\n');
            parent = Some(recorded.id.clone());
            added.push(recorded);
        }
        let before = known.bytes;
        known.under_way = lines.len() as u64;
        drop(known);

        let written = file.write_all(&lines).and_then(|()| file.sync_all());
        let mut known = self.known();
        known.under_way = 0;
        if let Err(error) = written {
            // They are there whole, or not at all; where they cannot be taken back, the last is torn, which is told.
            drop(file.set_len(before));
            return Err(failed("append to")(error));
        }
        if is_new {
            self.sync_folder().map_err(failed("append to"))?;
        }
        let ids = added.iter().map(|recorded| recorded.id.clone()).collect();
        known.bytes += lines.len() as u64;
        known.entries.extend(added);
        Ok(ids)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads what has been added; gives back what stands behind the last line end.
    fn catch_up(&self, file: &mut File, known: &mut Known) -> Result<Vec<u8>, LedgerError> {
        let length = file.metadata().map_err(failed("read"))?.len();
        if length < known.bytes {
            return Err(self.wrong(known.entries.len(), "the file is shorter than it was"));
        }
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(known.bytes)).and_then(|_| file.read_to_end(&mut bytes)).map_err(failed("read"))?;
        let torn = bytes.split_off(whole(&bytes));
        self.judge(&bytes, known)?;
        Ok(torn)
    }

    /// Takes whole lines, each of which has to be what it has to be.
    fn judge(&self, lines: &[u8], known: &mut Known) -> Result<(), LedgerError> {
        for line in lines.split_inclusive(|byte| *byte == b'\n') {
            let (recorded, sealed) = self.line(line, known)?;
            known.entries.push(recorded);
            known.sealed |= sealed;
            known.bytes += line.len() as u64;
        }
        Ok(())
    }

    fn line(&self, line: &[u8], known: &Known) -> Result<(Recorded, bool), LedgerError> {
        let number = known.entries.len() + 1;
        // The digest is of the bytes: what a newer program has said in it, and this one does not know, is covered.
        let (said, written, seal) =
            Line::read(line).map_err(|why| self.wrong(number, format!("it is no entry: {why}")))?;
        let recorded = written.recorded;
        if recorded.id != said {
            return Err(self.wrong(number, "it was changed: its digest is another"));
        }
        let before: Vec<_> = known.entries.last().map(|last| &last.id).into_iter().collect();
        if recorded.entry.parents.iter().collect::<Vec<_>>() != before {
            return Err(
                self.wrong(number, "it does not follow the line before it: lines are missing, or changed places")
            );
        }
        Ok((recorded, seal.is_some()))
    }

    fn refuse_torn(&self, torn: &[u8], known: &Known) -> Result<(), LedgerError> {
        match torn.len() {
            0 => Ok(()),
            bytes => Err(self.wrong(
                known.entries.len() + 1,
                format!(
                    "it ends in the middle, after {bytes} bytes: whoever wrote it was stopped; mend the ledger to go on"
                ),
            )),
        }
    }

    fn open(&self, options: &OpenOptions) -> Result<Option<File>, LedgerError> {
        match options.open(&self.0.file) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match self.0.file.parent() {
                // Without its folder it is a mistake in its name, and no ledger that is yet to begin.
                Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => Err(self.closed(&error)),
                _ => Ok(None),
            },
            Err(error) => Err(self.closed(&error)),
        }
    }

    /// The name of a new file is on disk, too.
    #[cfg(unix)]
    fn sync_folder(&self) -> io::Result<()> {
        let folder = self.0.file.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }

    #[cfg(not(unix))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "folders cannot be opened there")]
    fn sync_folder(&self) -> io::Result<()> {
        Ok(())
    }

    fn closed(&self, error: &io::Error) -> LedgerError {
        failed("open")(io::Error::new(error.kind(), format!("{}: {error}", self.0.file.display())))
    }

    fn wrong(&self, line: usize, why: impl Into<String>) -> LedgerError {
        LedgerError::Entry { id: format!("{}:{line}", self.0.file.display()), why: why.into() }
    }

    fn gone(&self) -> LedgerError {
        self.wrong(1, "the file is gone")
    }
}

impl Known {
    fn about(&self, image: Option<&Name>) -> Vec<Recorded> {
        let about = self.entries.iter().filter(|recorded| image.is_none_or(|image| recorded.entry.image == *image));
        about.cloned().collect()
    }
}

/// How many bytes are whole lines.
fn whole(bytes: &[u8]) -> usize {
    bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1)
}

fn failed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(what: &'static str) -> impl Fn(E) -> LedgerError {
    move |error| LedgerError::Backend { what, source: error.into() }
}

#[async_trait]
impl History for FileLedger {
    async fn entries(&self, image: Option<&Name>) -> Result<Vec<Recorded>, LedgerError> {
        self.read(image)
    }
}

#[async_trait]
impl Ledger for FileLedger {
    async fn append(&self, entry: Entry) -> Result<Digest, LedgerError> {
        // Before it waits with others, which are written with it or not at all.
        entry.fits()?;
        let (answer, is_first) = self.0.queue.push(entry);
        if is_first {
            let ledger = self.clone();
            let writer = thread::Builder::new().name("lockage-ledger".to_owned());
            if writer.spawn(move || ledger.write_what_waits()).is_err() {
                self.write_what_waits();
            }
        }
        answer.await.unwrap_or_else(|_| Err(failed("append to")("whoever wrote to it has ended")))
    }
}
