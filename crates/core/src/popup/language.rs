//! Languages of a message: tags, direction, and the few words that the product itself puts into a pop-up.
//!
//! Left out: translating what the owner wrote. Invariant: every language has every word; an unknown one speaks English.

/// The words of the product in one language. In `of_five` and `more`, `{}` stands for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words {
    /// Spoken name of the close button.
    pub(super) close: &'static str,
    /// On a button that copies, where the owner wrote none.
    pub(super) copy: &'static str,
    /// On that button afterwards.
    pub(super) copied: &'static str,
    /// On a button that sends, where the owner wrote none.
    pub(super) send: &'static str,
    /// After an answer, where the owner wrote nothing.
    pub(super) thanks: &'static str,
    /// What was typed is no address.
    pub(super) wrong_email: &'static str,
    /// Nothing was typed or chosen.
    pub(super) wrong_empty: &'static str,
    /// The box of the consent is not ticked.
    pub(super) wrong_consent: &'static str,
    /// Unit of a countdown.
    pub(super) days: &'static str,
    /// Unit of a countdown.
    pub(super) hours: &'static str,
    /// Unit of a countdown.
    pub(super) minutes: &'static str,
    /// Unit of a countdown.
    pub(super) seconds: &'static str,
    /// Spoken name of a step of a scale.
    pub(super) of_five: &'static str,
    /// Instead of further lines of a receipt.
    pub(super) more: &'static str,
}

/// Whether `tag` looks like a BCP 47 tag.
pub(super) fn is_language(tag: &str) -> bool {
    (2..=35).contains(&tag.len())
        && tag
            .split('-')
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric()))
}

fn primary(tag: &str) -> String {
    tag.split('-').next().unwrap_or_default().to_ascii_lowercase()
}

/// Whether the words of this language run from right to left.
pub fn is_right_to_left(tag: &str) -> bool {
    matches!(
        primary(tag).as_str(),
        "ar" | "he" | "fa" | "ur" | "yi" | "ps" | "sd" | "ug" | "dv" | "ckb"
    )
}

/// The words of the language of `tag`.
pub(super) fn words(tag: &str) -> &'static Words {
    match primary(tag).as_str() {
        "de" => &GERMAN,
        "fr" => &FRENCH,
        "es" => &SPANISH,
        "it" => &ITALIAN,
        "pt" => &PORTUGUESE,
        "nl" => &DUTCH,
        "pl" => &POLISH,
        "ar" => &ARABIC,
        "he" => &HEBREW,
        _ => &ENGLISH,
    }
}

const ENGLISH: Words = Words {
    close: "Close",
    copy: "Copy code",
    copied: "Copied",
    send: "Send",
    thanks: "Thank you",
    wrong_email: "This is not a complete email address. Check it, for example name@example.org.",
    wrong_empty: "Please answer before you send.",
    wrong_consent: "Please tick the box, or nothing can be sent.",
    days: "days",
    hours: "hours",
    minutes: "min",
    seconds: "sec",
    of_five: "{} of 5",
    more: "and {} more",
};

const GERMAN: Words = Words {
    close: "Schließen",
    copy: "Code kopieren",
    copied: "Kopiert",
    send: "Senden",
    thanks: "Vielen Dank",
    wrong_email: "Diese E-Mail-Adresse ist nicht vollständig. Bitte prüfen, zum Beispiel name@example.org.",
    wrong_empty: "Bitte erst antworten, dann senden.",
    wrong_consent: "Bitte das Kästchen ankreuzen, sonst kann nichts gesendet werden.",
    days: "Tage",
    hours: "Std.",
    minutes: "Min.",
    seconds: "Sek.",
    of_five: "{} von 5",
    more: "und {} weitere",
};

const FRENCH: Words = Words {
    close: "Fermer",
    copy: "Copier le code",
    copied: "Copié",
    send: "Envoyer",
    thanks: "Merci",
    wrong_email: "Cette adresse e-mail est incomplète. Vérifiez-la, par exemple nom@example.org.",
    wrong_empty: "Répondez avant d’envoyer.",
    wrong_consent: "Cochez la case, sinon rien ne peut être envoyé.",
    days: "jours",
    hours: "heures",
    minutes: "min",
    seconds: "s",
    of_five: "{} sur 5",
    more: "et {} de plus",
};

const SPANISH: Words = Words {
    close: "Cerrar",
    copy: "Copiar código",
    copied: "Copiado",
    send: "Enviar",
    thanks: "Gracias",
    wrong_email: "Esta dirección de correo no está completa. Revísela, por ejemplo nombre@example.org.",
    wrong_empty: "Responda antes de enviar.",
    wrong_consent: "Marque la casilla; sin ella no se puede enviar nada.",
    days: "días",
    hours: "horas",
    minutes: "min",
    seconds: "s",
    of_five: "{} de 5",
    more: "y {} más",
};

const ITALIAN: Words = Words {
    close: "Chiudi",
    copy: "Copia il codice",
    copied: "Copiato",
    send: "Invia",
    thanks: "Grazie",
    wrong_email: "Questo indirizzo e-mail non è completo. Controlli, per esempio nome@example.org.",
    wrong_empty: "Risponda prima di inviare.",
    wrong_consent: "Spunti la casella, altrimenti non si può inviare nulla.",
    days: "giorni",
    hours: "ore",
    minutes: "min",
    seconds: "s",
    of_five: "{} su 5",
    more: "e altri {}",
};

const PORTUGUESE: Words = Words {
    close: "Fechar",
    copy: "Copiar código",
    copied: "Copiado",
    send: "Enviar",
    thanks: "Obrigado",
    wrong_email: "Este endereço de e-mail não está completo. Verifique, por exemplo nome@example.org.",
    wrong_empty: "Responda antes de enviar.",
    wrong_consent: "Marque a caixa; sem ela nada pode ser enviado.",
    days: "dias",
    hours: "horas",
    minutes: "min",
    seconds: "s",
    of_five: "{} de 5",
    more: "e mais {}",
};

const DUTCH: Words = Words {
    close: "Sluiten",
    copy: "Code kopiëren",
    copied: "Gekopieerd",
    send: "Versturen",
    thanks: "Bedankt",
    wrong_email: "Dit e-mailadres is niet volledig. Controleer het, bijvoorbeeld naam@example.org.",
    wrong_empty: "Geef een antwoord voordat u verstuurt.",
    wrong_consent: "Vink het vakje aan, anders kan er niets worden verstuurd.",
    days: "dagen",
    hours: "uur",
    minutes: "min",
    seconds: "sec",
    of_five: "{} van 5",
    more: "en nog {}",
};

const POLISH: Words = Words {
    close: "Zamknij",
    copy: "Kopiuj kod",
    copied: "Skopiowano",
    send: "Wyślij",
    thanks: "Dziękujemy",
    wrong_email: "Ten adres e-mail jest niepełny. Sprawdź go, na przykład nazwa@example.org.",
    wrong_empty: "Odpowiedz, zanim wyślesz.",
    wrong_consent: "Zaznacz pole, bez tego nic nie można wysłać.",
    days: "dni",
    hours: "godz.",
    minutes: "min",
    seconds: "s",
    of_five: "{} z 5",
    more: "i jeszcze {}",
};

const ARABIC: Words = Words {
    close: "إغلاق",
    copy: "انسخ الرمز",
    copied: "تم النسخ",
    send: "إرسال",
    thanks: "شكرًا لك",
    wrong_email: "عنوان البريد الإلكتروني غير مكتمل. تحقق منه، مثل name@example.org.",
    wrong_empty: "يُرجى الإجابة قبل الإرسال.",
    wrong_consent: "يُرجى تحديد المربع، فبدونه لا يمكن إرسال شيء.",
    days: "أيام",
    hours: "ساعات",
    minutes: "دقائق",
    seconds: "ثوانٍ",
    of_five: "{} من 5",
    more: "و{} أخرى",
};

const HEBREW: Words = Words {
    close: "סגירה",
    copy: "העתקת הקוד",
    copied: "הועתק",
    send: "שליחה",
    thanks: "תודה",
    wrong_email: "כתובת הדוא״ל אינה שלמה. כדאי לבדוק אותה, למשל name@example.org.",
    wrong_empty: "יש לענות לפני השליחה.",
    wrong_consent: "יש לסמן את התיבה, אחרת אי אפשר לשלוח.",
    days: "ימים",
    hours: "שעות",
    minutes: "דקות",
    seconds: "שניות",
    of_five: "{} מתוך 5",
    more: "ועוד {}",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_with_a_region_speaks_its_language_and_an_unknown_one_english() {
        assert_eq!(words("de-AT").close, "Schließen");
        assert_eq!(words("PT-br").close, "Fechar");
        assert_eq!(words("tlh"), words("en"));
        for tag in ["en", "de", "fr", "es", "it", "pt", "nl", "pl", "ar", "he"] {
            let words = words(tag);
            assert!(words.of_five.contains("{}") && words.more.contains("{}"), "{tag}");
            assert!(tag == "en" || words != &ENGLISH, "{tag}");
        }
    }
}
