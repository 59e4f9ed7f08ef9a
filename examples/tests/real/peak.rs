//! How much memory a program needs.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::isolated;

/// Runs the command in `folder` to its end; the most memory that it held, in kilobytes.
pub(crate) fn peak_of(program: &Path, arguments: &[&str], folder: &Path) -> u64 {
    let (time, figure) = (Path::new("/usr/bin/time"), folder.join("peak"));
    if time.exists() {
        let measured = isolated(time)
            .args(["-f", "%M", "-o"])
            .arg(&figure)
            .arg(program)
            .args(arguments)
            .current_dir(folder)
            .output();
        let output = measured.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return fs::read_to_string(figure).unwrap().trim().parse().unwrap();
    }
    // The kernel keeps the peak, as long as the process lives.
    let mut child = isolated(program).args(arguments).current_dir(folder).stdout(Stdio::null()).spawn().unwrap();
    let (mut peak, status) = (0, format!("/proc/{}/status", child.id()));
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        peak = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(peak).max(peak);
        if let Some(ended) = child.try_wait().unwrap() {
            assert!(ended.success(), "{ended}");
            assert!(peak > 0, "{status} does not say");
            return peak;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
