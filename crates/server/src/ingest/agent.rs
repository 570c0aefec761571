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

/// `phone`, `tablet` or `desktop`, by user agent, touch and size of the window.
pub fn kind(agent: &str, touch: bool, size: Option<(u32, u32)>) -> &'static str {
    let phone = agent.contains("iPhone")
        || agent.contains("iPod")
        || (agent.contains("Mobile") && !agent.contains("iPad"));
    let tablet = agent.contains("iPad")
        || agent.contains("Tablet")
        || (agent.contains("Android") && !agent.contains("Mobile"));
    // An iPad says that it is a Mac, and a Mac has no touch screen.
    let disguised = touch && agent.contains("Macintosh");
    let small = size.is_some_and(|(width, height)| width.min(height) < 600);
    match (phone, tablet || disguised) {
        (true, _) => "phone",
        (false, true) if small && disguised => "phone",
        (false, true) => "tablet",
        (false, false) => "desktop",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_kind() {
        let of = |agent, touch| kind(agent, touch, Some((1200, 800)));
        assert_eq!(
            of(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Mobile/15E148 Safari/604.1",
                true
            ),
            "phone"
        );
        assert_eq!(
            of(
                "Mozilla/5.0 (Linux; Android 16; Pixel 9) Chrome/150.0 Mobile Safari/537.36",
                true
            ),
            "phone"
        );
        assert_eq!(
            of(
                "Mozilla/5.0 (Linux; Android 16; SM-X810) Chrome/150.0 Safari/537.36",
                true
            ),
            "tablet"
        );
        assert_eq!(
            of(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15",
                true
            ),
            "tablet"
        );
        assert_eq!(
            of(
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15",
                false
            ),
            "desktop"
        );
        assert_eq!(
            of(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/150.0 Safari/537.36",
                true
            ),
            "desktop"
        );
    }

    #[test]
    fn names_the_family() {
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0";
        assert_eq!((browser(edge), system(edge)), ("Edge", "Windows"));
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0";
        assert_eq!((browser(firefox), system(firefox)), ("Firefox", "Linux"));
        assert_eq!((browser("curl/8"), system("curl/8")), ("", ""));
    }
}
