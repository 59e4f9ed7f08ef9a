//! Sorts: what can go wrong with a request, with which requests it can, and what a copy has to get over.

use std::fmt;
use std::time::{Duration, SystemTime};

use lockage_registry::server::Fault;

use crate::class::Class;
use crate::dice::Dice;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Sort {
    CutBefore,
    CutAfter,
    CutUpload,
    Reset,
    CleanEnd,
    Corrupt,
    Slow,
    Late,
    RangeIgnored,
    OtherPart,
    WrongContentRange,
    WrongRange,
    WrongDigest,
    NoDigest,
    Error500,
    Error502,
    Error503,
    Error504,
    Busy,
    BusySeconds,
    BusyDate,
    BusyForAnHour,
    FormRefused,
    TokensEnd,
    Elsewhere,
}

impl Sort {
    pub(crate) const ALL: [Self; 25] = [
        Self::CutBefore,
        Self::CutAfter,
        Self::CutUpload,
        Self::Reset,
        Self::CleanEnd,
        Self::Corrupt,
        Self::Slow,
        Self::Late,
        Self::RangeIgnored,
        Self::OtherPart,
        Self::WrongContentRange,
        Self::WrongRange,
        Self::WrongDigest,
        Self::NoDigest,
        Self::Error500,
        Self::Error502,
        Self::Error503,
        Self::Error504,
        Self::Busy,
        Self::BusySeconds,
        Self::BusyDate,
        Self::BusyForAnHour,
        Self::FormRefused,
        Self::TokensEnd,
        Self::Elsewhere,
    ];

    /// Those that a copy must get over where it meets no other.
    pub(crate) fn is_got_over(self, class: Class) -> bool {
        match self {
            Self::CutBefore
            | Self::CutAfter
            | Self::CutUpload
            | Self::Reset
            | Self::Slow
            | Self::Late
            | Self::RangeIgnored
            | Self::NoDigest
            | Self::Error500
            | Self::Error502
            | Self::Error503
            | Self::Error504
            | Self::Busy
            | Self::BusySeconds
            | Self::BusyDate
            | Self::TokensEnd
            | Self::Elsewhere => true,
            Self::FormRefused => true,
            // Who says that more has arrived than was sent is not gone along with.
            Self::WrongRange => class != Class::UploadGet,
            // What is missing of a blob is asked for; of a document nobody knows what is missing.
            Self::CleanEnd => matches!(class, Class::BlobGet | Class::BlobRest),
            // Nothing is believed of who lies.
            Self::Corrupt | Self::OtherPart | Self::WrongContentRange | Self::WrongDigest | Self::BusyForAnHour => {
                false
            }
        }
    }

    /// What can go wrong with a request of this class. Nothing here is a lie that nobody could see through, such as a 404,
    /// or a listing that is shorter and well-formed.
    pub(crate) fn of(class: Class, guarded: bool) -> Vec<Self> {
        let mut all = vec![
            Self::CutBefore,
            Self::CutAfter,
            Self::Late,
            Self::Error500,
            Self::Error502,
            Self::Error503,
            Self::Error504,
            Self::Busy,
            Self::BusySeconds,
            Self::BusyDate,
        ];
        if guarded && class != Class::Token {
            all.extend([Self::TokensEnd; 3]);
        }
        let body = [Self::Reset, Self::CleanEnd, Self::Corrupt, Self::Slow];
        let more: &[Self] = match class {
            Class::BlobGet => {
                all.extend([Self::Reset; 12]);
                &[Self::CleanEnd, Self::CleanEnd, Self::Corrupt, Self::Slow, Self::BusyForAnHour]
            }
            Class::BlobRest => &[
                Self::Reset,
                Self::Reset,
                Self::RangeIgnored,
                Self::RangeIgnored,
                Self::RangeIgnored,
                Self::OtherPart,
                Self::OtherPart,
                Self::WrongContentRange,
                Self::WrongContentRange,
                Self::Corrupt,
            ],
            Class::BlobHead | Class::UploadDelete => &[],
            Class::ManifestGet => &[Self::WrongDigest, Self::NoDigest],
            Class::ManifestHead => &[Self::WrongDigest, Self::NoDigest],
            Class::ManifestPut => &[Self::WrongDigest, Self::CutUpload, Self::BusyForAnHour],
            Class::List | Class::Token => &[],
            Class::UploadPost => &[Self::WrongDigest],
            Class::UploadPut => &[
                Self::CutUpload,
                Self::CutUpload,
                Self::CutUpload,
                Self::FormRefused,
                Self::FormRefused,
                Self::WrongDigest,
            ],
            Class::UploadPatch => {
                all.extend([Self::WrongRange; 6]);
                &[Self::CutUpload, Self::CutUpload, Self::CutUpload, Self::CutUpload, Self::FormRefused]
            }
            Class::UploadGet => {
                all.extend([Self::WrongRange; 6]);
                &[]
            }
        };
        all.extend_from_slice(more);
        if matches!(class, Class::ManifestGet | Class::List | Class::Token) {
            all.extend(body);
        }
        all
    }

    /// As the server does it. `size` is that of the blob, where it is known; `from` is the first byte that is asked for.
    pub(crate) fn fault(self, dice: &mut Dice, size: Option<u64>, from: u64, storage: Option<&str>) -> Fault {
        let answer = |status, code: &str, retry_after| Fault::Answer { status, code: code.to_owned(), retry_after };
        let busy = |seconds| answer(429, "TOOMANYREQUESTS", seconds);
        let header = |name: &str, value: String| Fault::Header { name: name.to_owned(), value };
        // Of documents the first bytes are there always.
        let within = |dice: &mut Dice| dice.below(size.map_or(60, |size| size.saturating_sub(from)));
        // A second is waited by all, so it is rare.
        let seconds = |dice: &mut Dice| Duration::from_secs(u64::from(dice.one_in(40)));
        match self {
            Self::CutBefore => Fault::Cut,
            Self::CutAfter => Fault::CutAfter,
            Self::CutUpload => Fault::CutUpload(match size {
                Some(size) => dice.below(size),
                None => {
                    let end = *dice.pick(&[1, 50, 5_000, 100_000]);
                    dice.below(end)
                }
            }),
            Self::Reset => Fault::Truncate(within(dice)),
            Self::CleanEnd => Fault::Shorten(within(dice)),
            Self::Corrupt => Fault::Corrupt,
            Self::Slow => Fault::Slow {
                bytes: usize::try_from(size.unwrap_or(400) / 5 + 1).unwrap(),
                pause: Duration::from_millis(1 + dice.below(5)),
            },
            Self::Late => Fault::Delay(Duration::from_millis(dice.below(20))),
            Self::RangeIgnored => Fault::IgnoreRange,
            Self::OtherPart => Fault::RangeFrom(dice.below(from)),
            Self::WrongContentRange => {
                let (first, total) = (dice.below(from), size.unwrap_or_default());
                header("Content-Range", format!("bytes {first}-{}/{total}", total.saturating_sub(1)))
            }
            Self::WrongRange => header("Range", format!("0-{}", dice.below(100_000))),
            Self::WrongDigest => {
                let word = || format!("{:016x}", dice.next());
                header(
                    "Docker-Content-Digest",
                    format!("sha256:{}", std::iter::repeat_with(word).take(4).collect::<String>()),
                )
            }
            Self::NoDigest => Fault::RemoveHeader("Docker-Content-Digest".to_owned()),
            Self::Error500 => answer(500, "UNKNOWN", None),
            Self::Error502 => answer(502, "BADGATEWAY", None),
            Self::Error503 => answer(503, "UNAVAILABLE", None),
            Self::Error504 => answer(504, "TIMEOUT", None),
            Self::Busy => busy(None),
            Self::BusySeconds => busy(Some(seconds(dice))),
            Self::BusyDate => Fault::RetryAt {
                status: 429,
                code: "TOOMANYREQUESTS".to_owned(),
                at: SystemTime::now() + seconds(dice),
            },
            Self::BusyForAnHour => busy(Some(Duration::from_secs(3600))),
            Self::FormRefused => answer(413, "SIZE_INVALID", None),
            // Done by whoever has the server.
            Self::TokensEnd => Fault::None,
            Self::Elsewhere => storage.map_or(Fault::None, |storage| Fault::Redirect(format!("http://{storage}"))),
        }
    }
}

impl fmt::Display for Sort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::CutBefore => "cut before it took effect",
            Self::CutAfter => "cut after it took effect",
            Self::CutUpload => "upload cut midway",
            Self::Reset => "answer reset midway",
            Self::CleanEnd => "answer that ends early and clean",
            Self::Corrupt => "corrupted bytes",
            Self::Slow => "slow body",
            Self::Late => "late answer",
            Self::RangeIgnored => "Range ignored",
            Self::OtherPart => "206 of another part",
            Self::WrongContentRange => "wrong Content-Range",
            Self::WrongRange => "wrong Range on 202 or 204",
            Self::WrongDigest => "wrong Docker-Content-Digest",
            Self::NoDigest => "no Docker-Content-Digest",
            Self::Error500 => "500",
            Self::Error502 => "502",
            Self::Error503 => "503",
            Self::Error504 => "504",
            Self::Busy => "429",
            Self::BusySeconds => "429, Retry-After in seconds",
            Self::BusyDate => "429, Retry-After as a date",
            Self::BusyForAnHour => "429, Retry-After of an hour",
            Self::FormRefused => "413 to an upload",
            Self::TokensEnd => "tokens revoked",
            Self::Elsewhere => "redirect to a storage",
        })
    }
}
