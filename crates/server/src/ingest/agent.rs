//! Browser family and operating system from a user agent, as far as people want to see them in a list.
//!
//! Left out: versions and rare browsers. Invariant: never decides anything; it only names.

/// Browser family, or an empty text.
pub fn browser(agent: &str) -> &'static str {
    // Order matters: nearly everything says "Chrome" and "Safari".
    const FAMILIES: &[(&str, &str)] = &[
        ("Edg/", "Edge"),
        ("EdgA/", "Edge"),
        ("EdgiOS/", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("FxiOS/", "Firefox"),
        ("Firefox/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Chromium/", "Chrome"),
        ("Safari/", "Safari"),
    ];
    FAMILIES
        .iter()
        .find(|(mark, _)| agent.contains(mark))
        .map_or("", |(_, name)| name)
}

/// Operating system, or an empty text.
pub fn system(agent: &str) -> &'static str {
    const SYSTEMS: &[(&str, &str)] = &[
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("CrOS", "ChromeOS"),
        ("Linux", "Linux"),
    ];
    SYSTEMS
        .iter()
        .find(|(mark, _)| agent.contains(mark))
        .map_or("", |(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_family() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!((browser(edge), system(edge)), ("Edge", "Windows"));
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
        assert_eq!((browser(firefox), system(firefox)), ("Firefox", "Linux"));
        assert_eq!((browser("curl/8"), system("curl/8")), ("", ""));
    }
}
