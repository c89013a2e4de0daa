//! What a reader may choose: a second zone beside UTC.

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// How a timeline is to be rendered.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Shown beside UTC, never in its place.
    pub zone: Option<Zone>,
}

/// A zone of the IANA database, as this program brings it: the same on every machine.
#[derive(Debug, Clone)]
pub struct Zone {
    name: String,
    zone: TimeZone,
}

impl Zone {
    /// The zone of that name: `Europe/Berlin`.
    ///
    /// # Errors
    /// A fragment that names zones like it.
    pub fn named(name: &str) -> Result<Self, String> {
        let database = TimeZoneDatabase::bundled();
        database.get(name).map_or_else(
            |_| Err(unknown(&database, name)),
            |zone| Ok(Self { name: zone.iana_name().unwrap_or(name).to_owned(), zone }),
        )
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// For people: `2026-01-04 04:00:01 CET`.
    #[must_use]
    pub fn shown(&self, at_ms: i64) -> String {
        self.format(at_ms, "%Y-%m-%d %H:%M:%S %Z")
    }

    /// For programs: `2026-01-04T04:00:01.000+01:00`.
    #[must_use]
    pub fn rfc3339(&self, at_ms: i64) -> String {
        self.format(at_ms, "%Y-%m-%dT%H:%M:%S.%3f%:z")
    }

    fn format(&self, at_ms: i64, how: &str) -> String {
        let at = Timestamp::from_millisecond(at_ms).unwrap_or_default();
        at.to_zoned(self.zone.clone()).strftime(how).to_string()
    }
}

fn unknown(database: &TimeZoneDatabase, wanted: &str) -> String {
    let far = |name: &str| strsim::damerau_levenshtein(&name.to_lowercase(), &wanted.to_lowercase());
    let city = wanted.rsplit('/').next().unwrap_or(wanted).to_lowercase();
    let names: Vec<String> = database.available().map(|name| name.to_string()).collect();
    let same_city = names.iter().find(|name| name.rsplit('/').next().is_some_and(|end| end.to_lowercase() == city));
    let near = names.iter().min_by_key(|name| far(name)).filter(|name| far(name) <= 3);
    let like = same_city.or(near).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
    format!("no time zone is called `{wanted}`{like}")
}

#[cfg(test)]
mod tests {
    use super::Zone;

    const WINTER_MS: i64 = 1_767_495_601_000;
    const SUMMER_MS: i64 = 1_783_134_001_000;

    #[test]
    fn a_zone_follows_its_summer_time() {
        let berlin = Zone::named("europe/berlin").unwrap();
        assert_eq!(berlin.name(), "Europe/Berlin");
        assert_eq!(berlin.shown(WINTER_MS), "2026-01-04 04:00:01 CET");
        assert_eq!(berlin.shown(SUMMER_MS), "2026-07-04 05:00:01 CEST");
        assert_eq!(berlin.rfc3339(WINTER_MS), "2026-01-04T04:00:01.000+01:00");
        let kathmandu = Zone::named("Asia/Kathmandu").unwrap();
        assert_eq!(kathmandu.rfc3339(WINTER_MS), "2026-01-04T08:45:01.000+05:45");
    }

    #[test]
    fn the_hour_that_comes_twice_is_told_apart() {
        let berlin = Zone::named("Europe/Berlin").unwrap();
        // 2026-10-25 00:30 and 01:30 UTC.
        assert_eq!(berlin.shown(1_792_888_200_000), "2026-10-25 02:30:00 CEST");
        assert_eq!(berlin.shown(1_792_891_800_000), "2026-10-25 02:30:00 CET");
    }

    #[test]
    fn a_wrong_name_is_answered_with_one_like_it() {
        assert!(Zone::named("Berlin").unwrap_err().contains("did you mean `Europe/Berlin`?"));
        assert!(Zone::named("Europe/Berln").unwrap_err().contains("did you mean `Europe/Berlin`?"));
        assert_eq!(Zone::named("Mars/Olympus").unwrap_err(), "no time zone is called `Mars/Olympus`");
    }
}
