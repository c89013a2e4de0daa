//! Programs of Debian packages: those of this machine, or unpacked into `target/` where it has none.
//! Nothing is installed.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A directory with programs, and where their libraries are.
pub struct Programs {
    pub bin: PathBuf,
    libraries: Option<String>,
}

impl Programs {
    /// Those of a package; `program` is one of them, `places` where it lies below the root.
    pub fn of(package: &str, program: &str, places: &[&str]) -> Self {
        if let Some(bin) = find(Path::new("/"), program, places) {
            return Self { bin, libraries: None };
        }
        let root = unpacked(package, program, places);
        let bin = find(&root, program, places).unwrap();
        let of = |dir: &str| root.join(dir).join(format!("{}-linux-gnu", std::env::consts::ARCH)).display().to_string();
        Self { bin, libraries: Some(format!("{}:{}", of("usr/lib"), of("lib"))) }
    }

    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.bin.join(program));
        command.env_clear().env("LANG", "C.UTF-8").env("PATH", "/usr/bin:/bin");
        command.envs(self.libraries.iter().map(|path| ("LD_LIBRARY_PATH", path)));
        command
    }

    /// The beginning of a line of a shell script that starts one of them.
    pub fn line(&self, program: &str) -> String {
        let libraries = self.libraries.as_ref().map_or(String::new(), |path| format!("LD_LIBRARY_PATH='{path}' "));
        format!("{libraries}'{}'", self.bin.join(program).display())
    }
}

/// The newest version, where several lie side by side: a `*` stands for one.
fn find(root: &Path, program: &str, places: &[&str]) -> Option<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for place in places {
        match place.split_once("/*/") {
            None => found.push(root.join(place)),
            Some((before, after)) => {
                let versions = fs::read_dir(root.join(before)).into_iter().flatten().flatten();
                let mut versions: Vec<PathBuf> = versions.map(|version| version.path().join(after)).collect();
                versions.sort();
                found.extend(versions.into_iter().rev());
            }
        }
    }
    found.into_iter().find(|bin| bin.join(program).exists())
}

fn unpacked(package: &str, program: &str, places: &[&str]) -> PathBuf {
    let base = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("debian");
    fs::create_dir_all(&base).unwrap();
    // One process unpacks; the others wait for it here.
    let lock = File::create(base.join("lock")).unwrap();
    lock.lock().unwrap();
    let (root, done) = (base.join(package), base.join(format!("{package}.unpacked")));
    if !(done.exists() && find(&root, program, places).is_some()) {
        // Whoever is ended half-way leaves nothing behind that looks whole.
        let _ = fs::remove_file(&done);
        let archives = base.join(format!("{package}.archives"));
        for dir in [&root, &archives] {
            let _ = fs::remove_dir_all(dir);
            fs::create_dir_all(dir).unwrap();
            // The package manager leaves its rights when it downloads.
            fs::set_permissions(dir, fs::Permissions::from_mode(0o755)).unwrap();
        }
        download(package, &archives);
        for archive in fs::read_dir(&archives).unwrap() {
            run(Command::new("dpkg").arg("-x").arg(archive.unwrap().path()).arg(&root));
        }
        fs::remove_dir_all(&archives).unwrap();
        fs::write(done, package).unwrap();
    }
    root
}

/// The package and all that it needs and this machine has not.
fn download(package: &str, dir: &Path) {
    let plan = || {
        let told = Command::new("apt-get").args(["-s", "install", "--no-install-recommends", package]).output();
        let told = told.unwrap_or_else(|error| panic!("install {package}, or let apt-get find it: {error}"));
        let text = String::from_utf8_lossy(&told.stdout).into_owned();
        text.lines()
            .filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    let fetch = |names: &[String]| {
        let mut apt = Command::new("apt-get");
        apt.args(["-qq", "-o", "Acquire::Retries=3", "download"]).args(names).current_dir(dir);
        apt
    };
    let names = plan();
    if !names.is_empty() && fetch(&names).status().unwrap().success() {
        return;
    }
    // A machine without lists does not know the package yet, and one with old lists a version that is gone.
    run(Command::new("apt-get").args(["-qq", "-o", "Acquire::Retries=3", "update"]));
    let names = plan();
    assert!(!names.is_empty(), "there is no package {package} for this machine");
    run(&mut fetch(&names));
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}\n{said}", output.status);
}
