//! A bundle's members as the bytes of a tar file, and back: one form only, so that no byte is free.
//!
//! Must not know: what the members are.

use std::collections::BTreeMap;
use std::io::{self, Write};

use tar::{Archive, Builder, EntryType, Header};

use super::Fault;

/// A bundle with more members is none.
const MEMBERS_MAX: usize = 100_000;
/// What a plain tar header has room for.
const PATH_MAX_BYTES: usize = 100;

/// What was found in a tar file, before anything in it is believed.
#[derive(Debug)]
pub(super) struct Unpacked<'a> {
    pub top: String,
    pub members: BTreeMap<String, &'a [u8]>,
}

/// Writes members as a tar file: plain files, in order, without times, owners or rights of anybody.
///
/// # Errors
/// When a path is too long, or `to` cannot be written.
pub fn pack<'m, W: Write>(
    top: &str,
    members: impl IntoIterator<Item = (&'m String, &'m [u8])>,
    to: W,
) -> io::Result<W> {
    let mut builder = Builder::new(to);
    for (path, bytes) in members {
        let header = header(&format!("{top}/{path}"), bytes.len() as u64)?;
        builder.append(&header, bytes)?;
    }
    builder.into_inner()
}

fn header(path: &str, size: u64) -> io::Result<Header> {
    if path.len() > PATH_MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("the name `{path}` is too long for a tar")));
    }
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_path(path)?;
    header.set_size(size);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_cksum();
    Ok(header)
}

/// Reads a tar file that [`pack`] has made; nothing is written anywhere.
///
/// # Errors
/// At the first thing that such a file does not have: links, other names, doubles, another order, a byte that
/// differs anywhere between the contents.
pub(super) fn unpack(bytes: &[u8]) -> Result<Unpacked<'_>, Fault> {
    let mut archive = Archive::new(bytes);
    let entries = archive.entries().map_err(|error| not_a_tar(&error))?;
    let (mut top, mut members, mut starts) = (None::<String>, BTreeMap::new(), Vec::new());
    // Raw: an extension of the format that renames the next member is a member here, and refused as one.
    for entry in entries.raw(true) {
        let entry = entry.map_err(|error| not_a_tar(&error))?;
        if starts.len() == MEMBERS_MAX {
            return Err(Fault::whole(format!("it has more than {MEMBERS_MAX} members")));
        }
        let (folder, path) = name(entry.header())?;
        if *top.get_or_insert_with(|| folder.clone()) != folder {
            return Err(Fault::of(&path, format!("it lies in `{folder}`, what comes before it does not")));
        }
        let range = usize::try_from(entry.raw_file_position()).ok().zip(usize::try_from(entry.size()).ok());
        let content = range.and_then(|(from, size)| bytes.get(from..from.checked_add(size)?));
        let content = content.ok_or_else(|| Fault::of(&path, "it is cut: the file ends within it"))?;
        starts.push((entry.raw_header_position(), path.clone()));
        if members.insert(path.clone(), content).is_some() {
            return Err(Fault::of(&path, "it is there twice"));
        }
    }
    let top = top.ok_or_else(|| Fault::whole("it is empty"))?;
    same_when_packed_again(bytes, &top, &members, &starts)?;
    Ok(Unpacked { top, members })
}

fn not_a_tar(error: &io::Error) -> Fault {
    Fault::whole(format!("it is not a tar file, or was cut: {error}"))
}

/// The folder and the path of a member, which must be a plain file under a plain name.
fn name(header: &Header) -> Result<(String, String), Fault> {
    let path = header.path_bytes();
    let shown = String::from_utf8_lossy(&path).into_owned();
    if header.entry_type() != EntryType::Regular {
        return Err(Fault::of(&shown, format!("it is no plain file (a tar entry of type {:?})", header.entry_type())));
    }
    let plain = |part: &str| {
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        !part.is_empty() && !part.starts_with('.') && part.bytes().all(letters)
    };
    let named = shown.split_once('/').filter(|_| shown.split('/').all(plain) && shown.len() <= PATH_MAX_BYTES);
    let (folder, path) = named.ok_or_else(|| Fault::of(&shown, "a bundle has no member of such a name"))?;
    Ok((folder.to_owned(), path.to_owned()))
}

fn same_when_packed_again(
    bytes: &[u8],
    top: &str,
    members: &BTreeMap<String, &[u8]>,
    starts: &[(u64, String)],
) -> Result<(), Fault> {
    let mut against = Against { rest: bytes, at: 0, differs: None };
    let packed = pack(top, members.iter().map(|(path, bytes)| (path, *bytes)), &mut against).map(drop);
    if let Some(at) = against.differs {
        let member = starts.iter().rev().find(|(start, _)| *start <= at).map(|(_, path)| path.clone());
        let detail = format!("byte {at} of the file, outside the contents, is not as lifeboat packs it");
        return Err(Fault { member, detail });
    }
    packed.map_err(|error| not_a_tar(&error))?;
    if !against.rest.is_empty() {
        return Err(Fault::whole(format!("{} bytes follow after its end", against.rest.len())));
    }
    Ok(())
}

/// Takes what is written only as long as it is what is there already.
struct Against<'a> {
    rest: &'a [u8],
    at: u64,
    differs: Option<u64>,
}

impl Write for Against<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.differs.is_none() {
            if let Some(rest) = self.rest.strip_prefix(buf) {
                self.rest = rest;
                self.at += buf.len() as u64;
                return Ok(buf.len());
            }
            let same = self.rest.iter().zip(buf).take_while(|(there, wanted)| there == wanted).count();
            self.differs = Some(self.at + same as u64);
        }
        Err(io::Error::other("it differs"))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
