//! The tokens of a date format and what each one stands for.

use std::fmt::Write;

use jiff::civil::Date;

use super::zone::Local;

/// Formats in short, longest first.
pub(super) const LONG_FORMS: [&str; 10] = ["LTS", "LT", "LLLL", "LLL", "LL", "L", "llll", "lll", "ll", "l"];

pub(super) fn long_form(token: &str) -> &'static str {
    match token {
        "LTS" => "h:mm:ss A",
        "LT" => "h:mm A",
        "LLLL" => "dddd, MMMM D, YYYY h:mm A",
        "LLL" => "MMMM D, YYYY h:mm A",
        "LL" => "MMMM D, YYYY",
        "L" => "MM/DD/YYYY",
        "llll" => "ddd, MMM D, YYYY h:mm A",
        "lll" => "MMM D, YYYY h:mm A",
        "ll" => "MMM D, YYYY",
        _ => "M/D/YYYY",
    }
}

/// Every token, each before those that begin like it.
#[rustfmt::skip]
pub(super) const TOKENS: [&str; 80] = [
    "Hmmss", "hmmss", "Hmm", "hmm", "Mo", "MMMM", "MMM", "MM", "M", "Do", "DDDo", "DDDD", "DDD", "DD", "D",
    "dddd", "ddd", "dd", "do", "d", "wo", "w|", "ww", "w", "Wo", "W|", "WW", "W", "Qo", "Q",
    "NNNNN", "NNNN", "NNN", "NN", "N", "YYYYYY", "YYYYY", "YYYY", "YY", "Y", "yyyy", "yyy", "yy", "yo", "y",
    "ggggg", "gggg", "gg", "GGGGG", "GGGG", "GG", "e", "E", "a", "A", "hh", "h", "HH", "H", "kk", "k", "mm", "m",
    "ss", "s", "SSSSSSSSS", "SSSSSSSS", "SSSSSSS", "SSSSSS", "SSSSS", "SSSS", "SSS", "SS", "S", "x", "X",
    "zz", "z", "ZZ", "Z",
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Appends what `token` stands for.
pub(super) fn spell(token: &str, local: &Local, out: &mut String) {
    let clock = local.clock;
    let date = clock.date();
    let year = i64::from(date.year());
    let (hour, minute, second) = (i64::from(clock.hour()), i64::from(clock.minute()), i64::from(clock.second()));
    let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
    let weekday = i64::from(date.weekday().to_sunday_zero_offset());
    let thousandths = i64::from(clock.millisecond());
    let era_year = if year > 0 { year } else { 1 - year };
    match token {
        "M" => plain(out, date.month()),
        "MM" => filled(out, i64::from(date.month()), 2),
        "Mo" => ordinal(out, i64::from(date.month())),
        "MMM" => out.push_str(beginning(month(date), 3)),
        "MMMM" => out.push_str(month(date)),
        "D" => plain(out, date.day()),
        "DD" => filled(out, i64::from(date.day()), 2),
        "Do" => ordinal(out, i64::from(date.day())),
        "DDD" => plain(out, date.day_of_year()),
        "DDDD" => filled(out, i64::from(date.day_of_year()), 3),
        "DDDo" => ordinal(out, i64::from(date.day_of_year())),
        "d" | "e" => plain(out, weekday),
        "do" => ordinal(out, weekday),
        "dd" => out.push_str(beginning(weekday_name(date), 2)),
        "ddd" => out.push_str(beginning(weekday_name(date), 3)),
        "dddd" => out.push_str(weekday_name(date)),
        "E" => plain(out, date.weekday().to_monday_one_offset()),
        "w" => plain(out, sunday_week(date).1),
        "ww" => filled(out, sunday_week(date).1, 2),
        "wo" => ordinal(out, sunday_week(date).1),
        "W" => plain(out, iso_week(date).1),
        "WW" => filled(out, iso_week(date).1, 2),
        "Wo" => ordinal(out, iso_week(date).1),
        "Q" => plain(out, quarter(date)),
        "Qo" => ordinal(out, quarter(date)),
        "N" | "NN" | "NNN" | "NNNNN" => out.push_str(if year > 0 { "AD" } else { "BC" }),
        "NNNN" => out.push_str(if year > 0 { "Anno Domini" } else { "Before Christ" }),
        "Y" => filled(out, year, 4),
        "YY" => filled(out, year % 100, 2),
        "YYYY" => filled(out, year, 4),
        "YYYYY" => filled(out, year, 5),
        "YYYYYY" => {
            out.push_str(if year < 0 { "" } else { "+" });
            filled(out, year, 6);
        }
        "y" | "yy" | "yyy" | "yyyy" => filled(out, era_year, token.len()),
        "yo" => ordinal(out, era_year),
        "gg" => filled(out, sunday_week(date).0 % 100, 2),
        "gggg" | "ggggg" => filled(out, sunday_week(date).0, token.len()),
        "GG" => filled(out, iso_week(date).0 % 100, 2),
        "GGGG" | "GGGGG" => filled(out, iso_week(date).0, token.len()),
        "a" => out.push_str(if hour < 12 { "am" } else { "pm" }),
        "A" => out.push_str(if hour < 12 { "AM" } else { "PM" }),
        "H" => plain(out, hour),
        "HH" => filled(out, hour, 2),
        "h" => plain(out, hour12),
        "hh" => filled(out, hour12, 2),
        "k" | "kk" => filled(out, if hour == 0 { 24 } else { hour }, token.len()),
        "m" => plain(out, minute),
        "mm" => filled(out, minute, 2),
        "s" => plain(out, second),
        "ss" => filled(out, second, 2),
        "hmm" | "hmmss" | "Hmm" | "Hmmss" => {
            plain(out, if token.starts_with('h') { hour12 } else { hour });
            filled(out, minute, 2);
            if token.ends_with('s') {
                filled(out, second, 2);
            }
        }
        "S" => plain(out, thousandths / 100),
        "SS" => filled(out, thousandths / 10, 2),
        "x" => plain(out, local.milliseconds),
        "X" => plain(out, local.milliseconds.div_euclid(1000)),
        "z" | "zz" => out.push_str(&local.abbreviation),
        "Z" | "ZZ" => {
            let minutes = i64::from(local.offset.abs());
            out.push(if local.offset < 0 { '-' } else { '+' });
            filled(out, minutes / 60, 2);
            out.push_str(if token == "Z" { ":" } else { "" });
            filled(out, minutes % 60, 2);
        }
        _ if token.starts_with('S') => {
            filled(out, thousandths, 3);
            out.extend(std::iter::repeat_n('0', token.len() - 3));
        }
        // `w|` and `W|` are cut out as tokens and stand for nothing.
        _ => out.push_str(token),
    }
}

fn plain(out: &mut String, number: impl Into<i64>) {
    filled(out, number.into(), 0);
}

/// The number with leading zeros up to `width` digits, behind its sign.
fn filled(out: &mut String, number: i64, width: usize) {
    if number < 0 {
        out.push('-');
    }
    // Writing to a String cannot fail.
    let _ = write!(out, "{:0width$}", number.unsigned_abs());
}

fn ordinal(out: &mut String, number: i64) {
    plain(out, number);
    out.push_str(match (number % 100 / 10, number % 10) {
        (1, _) => "th",
        (_, 1) => "st",
        (_, 2) => "nd",
        (_, 3) => "rd",
        _ => "th",
    });
}

fn beginning(name: &'static str, length: usize) -> &'static str {
    name.get(..length).unwrap_or(name)
}

fn month(date: Date) -> &'static str {
    usize::try_from(date.month() - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default()
}

fn weekday_name(date: Date) -> &'static str {
    let index = usize::try_from(date.weekday().to_sunday_zero_offset()).ok();
    index.and_then(|index| WEEKDAYS.get(index)).copied().unwrap_or_default()
}

fn quarter(date: Date) -> i64 {
    i64::from((date.month() - 1) / 3 + 1)
}

fn iso_week(date: Date) -> (i64, i64) {
    let week = date.iso_week_date();
    (i64::from(week.year()), i64::from(week.week()))
}

/// Year and number of the week that begins on Sunday; the first week of a year is the one with January 1st.
fn sunday_week(date: Date) -> (i64, i64) {
    let year = i64::from(date.year());
    let weekday = i64::from(date.weekday().to_sunday_zero_offset());
    let day = i64::from(date.day_of_year()) - 1;
    let saturday = day + 6 - weekday;
    if saturday >= i64::from(date.days_in_year()) {
        return (year + 1, 1);
    }
    (year, saturday / 7 + 1)
}
