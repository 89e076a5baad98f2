//! What a field of a form or a column of a table is, guessed from its name and its values, in
//! English, Spanish and Romanian.

use leads::{EmailAddress, Timestamp, TimestampError};

use crate::secret_names::asks_for_secret;

/// What a field is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Meaning {
    /// The person's address.
    Email,
    /// The customer's own id for the person.
    User,
    /// Our id for the lead.
    Lead,
    /// A visitor's id.
    Anonymous,
    /// Since when the person is known.
    CreatedAt,
    /// When something happened.
    At,
    /// What happened.
    Event,
    /// What identifies the row or the submission.
    Id,
    /// A trait of this name.
    Trait(&'static str),
    /// A box that is ticked to agree.
    Consent,
    /// The page that a form stands on.
    Page,
    /// A deal's own: `id`, `stage`, `amount` and so on.
    Deal(&'static str),
    /// A secret, or of use to the form only.
    Never,
    /// A field that people do not see, and programs fill in.
    Honeypot,
}

/// A guess with its reason.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Guess {
    /// What the field is.
    pub(crate) meaning: Meaning,
    /// How sure that is, in hundredths.
    pub(crate) confidence: u8,
    /// Why, in a sentence.
    pub(crate) reason: String,
    /// Why, for programs: `name`, `part_of_name` or `values`.
    pub(crate) code: &'static str,
}

use Meaning::{
    Anonymous, At, Consent, CreatedAt, Deal, Email, Event, Honeypot, Id, Lead, Never, Page, Trait,
    User,
};

/// Names as [`simplify`] leaves them, the more telling ones first: `company_name` before `name`.
const NAMES: [(Meaning, &str); 36] = [
    (
        Never,
        "csrf|csrf_token|csrfmiddlewaretoken|authenticity_token|xsrf_token|g_recaptcha_response|recaptcha|h_captcha_response|cf_turnstile_response|captcha",
    ),
    (
        Honeypot,
        "honeypot|hp|gotcha|fax_number|leave_blank|leave_empty|hp_field|bot_field|url2|website2|dejar_vacio",
    ),
    (Lead, "lead|lead_id|madura_id"),
    (Anonymous, "anonymous_id|anonymousid|visitor_id|client_id_cookie"),
    (
        Email,
        "email|e_mail|mail|email_address|emailaddress|correo|correo_electronico|direccion_de_correo|adresa_de_email|adresa_email|posta_electronica|your_email|work_email|business_email|email_trabajo",
    ),
    (
        User,
        "user_id|userid|customer_id|customerid|contact_id|contactid|client_id|external_id|id_cliente|id_client|id_contacto|codigo_cliente|cod_client|id_usuario|id_utilizator|member_id|account_id",
    ),
    (Deal("id"), "deal_id|opportunity_id|id_oportunidad|id_oportunitate"),
    (Deal("stage"), "deal_stage|stage|etapa|fase|etapa_vanzare|pipeline_stage|estado_oportunidad"),
    (Deal("amount"), "deal_amount|deal_value|amount|importe|valor|valoare|suma|revenue|total"),
    (Deal("currency"), "currency|moneda|divisa|valuta"),
    (Deal("owner"), "owner|sales_rep|propietario|comercial|responsable_comercial|agent_vanzari"),
    (
        CreatedAt,
        "created_at|created|createdat|created_on|create_date|date_created|creation_date|signup_date|registered_at|fecha_alta|fecha_de_alta|fecha_creacion|fecha_de_creacion|fecha_registro|data_crearii|data_inregistrarii|data_creare|inregistrat_la",
    ),
    (
        Event,
        "event|event_name|activity|activity_type|evento|eveniment|actividad|activitate|accion|actiune",
    ),
    (
        At,
        "at|timestamp|time|date|datetime|occurred_at|event_time|event_date|happened_at|submitted_at|fecha|fecha_hora|hora|data|data_ora|ora|cuando|cand",
    ),
    (Id, "id|event_id|message_id|submission_id|row_id|uuid|guid|identificador|identificator"),
    (
        Consent,
        "consent|gdpr|rgpd|newsletter|opt_in|optin|subscribe|marketing_consent|acepto|acepto_la_politica|accept|acord|sunt_de_acord|suscripcion|suscribirme|abonare|privacidad|privacy|terms|politica_de_privacidad",
    ),
    (Page, "page_url|page|pagina|landing_page|source_url|page_uri|pageurl"),
    (
        Trait("company.name"),
        "company|company_name|organization|organisation|employer|empresa|nombre_empresa|nombre_de_la_empresa|compania|razon_social|companie|compania_ta|firma|nume_companie|nume_firma|denumire_firma",
    ),
    (
        Trait("company.employees"),
        "employees|employee_count|company_size|number_of_employees|num_employees|empleados|numero_de_empleados|num_empleados|tamano_empresa|angajati|numar_angajati|numar_de_angajati|nr_angajati",
    ),
    (
        Trait("company.industry"),
        "industry|sector|industria|ramo|domeniu|domeniu_de_activitate|industrie|actividad_empresa",
    ),
    (Trait("company.domain"), "company_domain|domain|dominio|domeniu_web"),
    (Trait("website"), "website|web|site|url|web_site|sitio_web|pagina_web|site_web"),
    (Trait("title.seniority"), "seniority|antiguedad|senioritate|job_level|nivel"),
    (
        Trait("title"),
        "title|job_title|jobtitle|position|role|job|cargo|puesto|funcion|rol|functie|functia|pozitie|post",
    ),
    (
        Trait("first_name"),
        "first_name|firstname|given_name|fname|nombre|nombre_pila|prenume|prenumele",
    ),
    (
        Trait("last_name"),
        "last_name|lastname|surname|family_name|lname|apellido|apellidos|primer_apellido|nume_de_familie|nume_familie",
    ),
    (
        Trait("name"),
        "name|full_name|fullname|your_name|nombre_completo|nombre_y_apellidos|nume|nume_complet|nume_si_prenume|numele",
    ),
    (
        Trait("phone"),
        "phone|phone_number|phonenumber|telephone|tel|mobile|cell|telefono|telefono_movil|movil|numero_de_telefono|telefon|numar_de_telefon|nr_telefon|mobil|whatsapp",
    ),
    (Trait("country"), "country|country_code|pais|tara"),
    (Trait("city"), "city|town|ciudad|localidad|poblacion|municipio|oras|orasul|localitate"),
    (Trait("region"), "region|state|province|county|provincia|comunidad_autonoma|judet|judetul"),
    (Trait("postcode"), "postcode|postal_code|zip|zip_code|zipcode|codigo_postal|cp|cod_postal"),
    (Trait("address.street"), "street|address|direccion|calle|domicilio|adresa|strada"),
    (Trait("language"), "language|lang|idioma|limba"),
    (Trait("age"), "age|edad|varsta"),
    (Trait("utm.medium"), "utm_medium"),
];

/// Names that mean something alone and something else in company: `data` is a date in two
/// languages, and `data_nasterii` a birthday.
const ALONE: [&str; 23] = [
    "at",
    "cp",
    "data",
    "date",
    "direccion",
    "email_trabajo",
    "fecha",
    "hora",
    "job",
    "mail",
    "name",
    "nivel",
    "nombre",
    "nume",
    "numele",
    "ora",
    "page",
    "post",
    "role",
    "state",
    "time",
    "total",
    "url",
];

/// Guesses what a field is. `samples` are some of its values; blank ones do not count.
pub(crate) fn guess(name: &str, samples: &[&str]) -> Option<Guess> {
    let simple = simplify(name);
    let by_name = by_name(&simple);
    let values: Vec<&str> =
        samples.iter().map(|value| value.trim()).filter(|v| !v.is_empty()).collect();
    let all_are = |what: fn(&str) -> bool| {
        let count = values.iter().filter(|value| what(value)).count();
        // A few odd ones are to be expected where people type.
        !values.is_empty() && count * 10 >= values.len() * 8
    };
    let is_address = |value: &str| EmailAddress::parse(value).is_ok();
    match by_name {
        Some((Email, ..))
            if !values.is_empty() && !values.iter().any(|value| is_address(value)) =>
        {
            None
        }
        Some((At | CreatedAt, ..)) if !values.is_empty() && !all_are(is_instant) => None,
        Some((meaning, exact)) => {
            let how = if exact { "is called" } else { "has in its name what is called" };
            let reason = format!("{name:?} {how} so in English, Spanish or Romanian");
            let (confidence, code) = if exact { (90, "name") } else { (65, "part_of_name") };
            Some(Guess { meaning, confidence, reason, code })
        }
        None if all_are(is_address) => Some(Guess {
            meaning: Email,
            confidence: 85,
            reason: "its values are addresses".to_owned(),
            code: "values",
        }),
        None => None,
    }
}

/// Lower case, without diacritics, words joined by `_`: `Número de Empleados` is
/// `numero_de_empleados`, `companyName` is `company_name`.
pub(crate) fn simplify(name: &str) -> String {
    let mut simple = String::with_capacity(name.len());
    let mut small_before = false;
    for letter in name.chars().take(200) {
        // An accent that is written as a sign of its own.
        if ('\u{300}'..='\u{36f}').contains(&letter) {
            continue;
        }
        let is_new_word = letter.is_uppercase() && small_before;
        small_before = letter.is_lowercase() || letter.is_ascii_digit();
        for letter in letter.to_lowercase() {
            let plain = match letter {
                'á' | 'à' | 'ă' | 'â' | 'ä' | 'ã' => 'a',
                'é' | 'è' | 'ê' | 'ë' => 'e',
                'í' | 'ì' | 'î' | 'ï' => 'i',
                'ó' | 'ò' | 'ô' | 'ö' => 'o',
                'ú' | 'ù' | 'û' | 'ü' => 'u',
                'ñ' => 'n',
                'ç' => 'c',
                'ș' | 'ş' => 's',
                'ț' | 'ţ' => 't',
                other => other,
            };
            let is_mark = !plain.is_alphanumeric();
            if (is_mark || is_new_word) && !simple.is_empty() && !simple.ends_with('_') {
                simple.push('_');
            }
            if !is_mark {
                simple.push(plain);
            }
        }
    }
    simple.trim_end_matches('_').to_owned()
}

/// The meaning of a name, and whether it is that name and not only part of it.
fn by_name(simple: &str) -> Option<(Meaning, bool)> {
    if asks_for_secret(simple) {
        return Some((Never, true));
    }
    let exact = NAMES.iter().find(|(_, names)| names.split('|').any(|name| name == simple));
    if let Some((meaning, _)) = exact {
        return Some((*meaning, true));
    }
    // Of names within it the longest says most: `your_company_name` is the company's.
    let words = format!("_{simple}_");
    let within = NAMES.iter().filter(|(meaning, _)| !matches!(meaning, Id | Honeypot | Lead));
    let within =
        within.flat_map(|(meaning, names)| names.split('|').map(move |name| (meaning, name)));
    let found = within.filter(|(_, name)| {
        name.len() > 2 && !ALONE.contains(name) && words.contains(&format!("_{name}_"))
    });
    // A secret goes before everything, whatever else stands in the name.
    let best = found.max_by_key(|(meaning, name)| (**meaning == Never, name.len()))?;
    Some((*best.0, false))
}

fn is_instant(value: &str) -> bool {
    matches!(Timestamp::parse(value), Ok(_) | Err(TimestampError::NoZone))
        || crate::imports::is_local_date(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_known_by_their_names_in_three_languages() {
        let check = |name: &str, expected: Option<Meaning>| {
            assert_eq!(guess(name, &[]).map(|guess| guess.meaning), expected, "{name}");
        };
        for name in ["E-mail", "Correo electrónico", "Adresă de email", "Your email *", "workEmail"]
        {
            check(name, Some(Email));
        }
        for name in ["Empresa", "Companie", "companyName", "Nombre de la empresa", "Nume firmă"] {
            check(name, Some(Trait("company.name")));
        }
        for name in ["Cargo", "Funcție", "Funcţie", "Job Title", "puesto"] {
            check(name, Some(Trait("title")));
        }
        for name in ["Teléfono", "Telefon", "phone_number", "Nr. telefon"] {
            check(name, Some(Trait("phone")));
        }
        check("Nombre", Some(Trait("first_name")));
        check("Prenume", Some(Trait("first_name")));
        check("Nume", Some(Trait("name")));
        check("Țara", Some(Trait("country")));
        check("Contraseña", Some(Never));
        check("confirm_password", Some(Never));
        check("Fecha de alta", Some(CreatedAt));
        check("Acepto la política", Some(Consent));
        check("favourite colour", None);
        check("", None);
    }

    #[test]
    fn values_confirm_and_contradict_names() {
        let meaning = |name, samples: &[&str]| guess(name, samples).map(|guess| guess.meaning);
        assert_eq!(meaning("Contacto", &["ana@x.es", "b@y.ro", " "]), Some(Email));
        assert_eq!(meaning("mail", &["Calle Mayor 1", "Gran Vía 2"]), None);
        assert_eq!(meaning("data", &["12", "yes"]), None);
        assert_eq!(meaning("data", &["2026-03-01", "2026-03-02 10:00"]), Some(At));
    }
}
