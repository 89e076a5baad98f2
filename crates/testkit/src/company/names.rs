//! The names of people, firms and places. The lists were written for this generator; whoever is
//! called so is called so by chance.

/// The language that people of a market speak.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Tongue {
    Spanish,
    Romanian,
    English,
}

impl Tongue {
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Spanish => "es",
            Self::Romanian => "ro",
            Self::English => "en",
        }
    }

    pub(crate) fn given_names(self) -> &'static [&'static str] {
        match self {
            Self::Spanish => &SPANISH_GIVEN,
            Self::Romanian => &ROMANIAN_GIVEN,
            Self::English => &ENGLISH_GIVEN,
        }
    }

    pub(crate) fn surnames(self) -> &'static [&'static str] {
        match self {
            Self::Spanish => &SPANISH_SURNAMES,
            Self::Romanian => &ROMANIAN_SURNAMES,
            Self::English => &ENGLISH_SURNAMES,
        }
    }

    /// What firms do, as it stands in their names.
    pub(crate) fn trades(self) -> &'static [&'static str] {
        match self {
            Self::Spanish => &SPANISH_TRADES,
            Self::Romanian => &ROMANIAN_TRADES,
            Self::English => &ENGLISH_TRADES,
        }
    }

    /// How a firm of this language ends its name.
    pub(crate) fn legal_forms(self) -> &'static [&'static str] {
        match self {
            Self::Spanish => &["S.L.", "S.A.", "SLU"],
            Self::Romanian => &["SRL", "S.A.", "S.R.L."],
            Self::English => &["Ltd", "plc", "LLC"],
        }
    }
}

/// A country that leads come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Market {
    pub(crate) country: &'static str,
    pub(crate) zone: &'static str,
    pub(crate) tongue: Tongue,
    /// The first numbers of a range, up to its last three digits.
    pub(crate) phone: &'static str,
    pub(crate) cities: &'static [&'static str],
}

/// With the share of leads that come from each, in thousandths.
pub(crate) static MARKETS: [(i64, Market); 8] = [
    (
        420,
        Market {
            country: "ES",
            zone: "Europe/Madrid",
            tongue: Tongue::Spanish,
            phone: "+34 600 000 ",
            cities: &[
                "Madrid", "Barcelona", "València", "Sevilla", "Zaragoza", "Málaga", "Bilbao",
                "Murcia", "A Coruña", "Alicante", "Córdoba", "Gijón",
            ],
        },
    ),
    (
        260,
        Market {
            country: "RO",
            zone: "Europe/Bucharest",
            tongue: Tongue::Romanian,
            phone: "+40 700 000 ",
            cities: &[
                "București", "Cluj-Napoca", "Timișoara", "Iași", "Constanța", "Brașov", "Sibiu",
                "Oradea", "Craiova", "Târgu Mureș",
            ],
        },
    ),
    (
        120,
        Market {
            country: "GB",
            zone: "Europe/London",
            tongue: Tongue::English,
            phone: "+44 7700 900",
            cities: &[
                "London", "Manchester", "Leeds", "Bristol", "Edinburgh", "Cardiff", "Belfast",
            ],
        },
    ),
    (
        40,
        Market {
            country: "IE",
            zone: "Europe/Dublin",
            tongue: Tongue::English,
            phone: "+353 85 000 0",
            cities: &["Dublin", "Cork", "Galway", "Limerick"],
        },
    ),
    (
        50,
        Market {
            country: "US",
            zone: "America/New_York",
            tongue: Tongue::English,
            phone: "+1 212 555 0",
            cities: &["New York", "Boston", "Miami", "Atlanta"],
        },
    ),
    (
        60,
        Market {
            country: "MX",
            zone: "America/Mexico_City",
            tongue: Tongue::Spanish,
            phone: "+52 55 5000 0",
            cities: &["Ciudad de México", "Guadalajara", "Monterrey", "Mérida"],
        },
    ),
    (
        30,
        Market {
            country: "AR",
            zone: "America/Argentina/Buenos_Aires",
            tongue: Tongue::Spanish,
            phone: "+54 11 5000 0",
            cities: &["Buenos Aires", "Córdoba", "Rosario"],
        },
    ),
    (
        20,
        Market {
            country: "MD",
            zone: "Europe/Chisinau",
            tongue: Tongue::Romanian,
            phone: "+373 600 00 ",
            cities: &["Chișinău", "Bălți"],
        },
    ),
];

const SPANISH_GIVEN: [&str; 40] = [
    "María", "Carmen", "Lucía", "Ana", "Elena", "Marta", "Paula", "Sara", "Laura", "Cristina",
    "Isabel", "Raquel", "Nuria", "Beatriz", "Inés", "Rocío", "Pilar", "Irene", "Alba", "Begoña",
    "José", "Antonio", "Javier", "Carlos", "David", "Miguel", "Álvaro", "Sergio", "Pablo", "Jorge",
    "Andrés", "Íñigo", "Rubén", "Óscar", "Raúl", "Víctor", "Iván", "Hugo", "Adrián", "Joaquín",
];

const SPANISH_SURNAMES: [&str; 40] = [
    "García", "Martínez", "López", "Sánchez", "Pérez", "Gómez", "Fernández", "Moreno", "Jiménez",
    "Ruiz", "Hernández", "Díaz", "Álvarez", "Romero", "Navarro", "Torres", "Domínguez", "Ramos",
    "Vázquez", "Gil", "Serrano", "Blanco", "Molina", "Núñez", "Ortega", "Delgado", "Castro",
    "Ortiz", "Rubio", "Marín", "Iglesias", "Peña", "Cortés", "Ibáñez", "Guerrero", "Lozano", "Cano",
    "Prieto", "Calvo", "Muñoz",
];

const ROMANIAN_GIVEN: [&str; 36] = [
    "Ioana", "Andreea", "Elena", "Maria", "Mihaela", "Cristina", "Alexandra", "Raluca", "Simona",
    "Ștefania", "Gabriela", "Oana", "Roxana", "Anca", "Diana", "Monica", "Bianca", "Corina",
    "Andrei", "Alexandru", "Mihai", "Cristian", "Ștefan", "Ionuț", "Radu", "Vlad", "Bogdan",
    "Florin", "Dragoș", "Răzvan", "Cătălin", "Gheorghe", "Marius", "Sorin", "Liviu", "Tudor",
];

const ROMANIAN_SURNAMES: [&str; 36] = [
    "Popescu", "Ionescu", "Popa", "Dumitrescu", "Stan", "Stoica", "Gheorghe", "Matei", "Ciobanu",
    "Rusu", "Munteanu", "Șerban", "Lazăr", "Constantinescu", "Marinescu", "Țurcanu", "Dobre",
    "Bălan", "Neagu", "Văduva", "Cristea", "Tănase", "Toma", "Ungureanu", "Moldovan", "Enache",
    "Oprea", "Diaconu", "Nistor", "Florea", "Manea", "Barbu", "Crăciun", "Voicu", "Mureșan", "Lupu",
];

const ENGLISH_GIVEN: [&str; 36] = [
    "Emma", "Olivia", "Sophie", "Charlotte", "Grace", "Hannah", "Lucy", "Alice", "Megan", "Zoë",
    "Rachel", "Niamh", "Claire", "Victoria", "Fiona", "Ruth", "Joanne", "Heather", "James",
    "Oliver", "Jack", "Thomas", "William", "Daniel", "Samuel", "Henry", "Liam", "Connor", "Matthew",
    "Edward", "Peter", "Simon", "Graham", "Stuart", "Nathan", "Seán",
];

const ENGLISH_SURNAMES: [&str; 36] = [
    "Smith", "Jones", "Taylor", "Brown", "Williams", "Wilson", "Evans", "Walker", "Wright",
    "Thompson", "Robinson", "Hughes", "Edwards", "Green", "Hall", "Wood", "Harris", "Clarke",
    "Jackson", "Turner", "Cooper", "Ward", "Morris", "Murphy", "O'Brien", "O'Connor", "Byrne",
    "Ryan", "Kelly", "Campbell", "Stewart", "Reid", "Murray", "Bell", "Foster", "Hargreaves",
];

const SPANISH_TRADES: [&str; 16] = [
    "Logística", "Consultores", "Software", "Hoteles", "Alimentación", "Ingeniería", "Formación",
    "Clínicas", "Seguros", "Inmobiliaria", "Muebles", "Textil", "Energía", "Asesores",
    "Transportes", "Diseño",
];

const ROMANIAN_TRADES: [&str; 16] = [
    "Logistică", "Consultanță", "Software", "Hoteluri", "Alimentar", "Inginerie", "Educație",
    "Clinica", "Asigurări", "Imobiliare", "Mobilă", "Textile", "Energie", "Contabilitate",
    "Transporturi", "Design",
];

const ENGLISH_TRADES: [&str; 16] = [
    "Logistics", "Consulting", "Software", "Hotels", "Foods", "Engineering", "Training", "Clinics",
    "Insurance", "Estates", "Furniture", "Textiles", "Energy", "Advisers", "Transport", "Design",
];

/// What people type who want to get past a form.
pub(crate) const GIBBERISH: [&str; 10] = [
    "asdf qwer", "asdfgh", "qwerty asdf", "xxx xxx", "hjkl jklh", "aaa bbb", "sdfsdf dfgdfg",
    "zxcv", "fghj rtyu", "test test",
];

/// The text in lower case, without accents, with nothing but letters and digits.
pub(crate) fn slug(text: &str) -> String {
    plain(text)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase())
        .collect()
}

/// The text without its accents, as a keyboard without them writes it.
pub(crate) fn plain(text: &str) -> String {
    text.chars().map(without_accent).collect()
}

fn without_accent(letter: char) -> char {
    match letter {
        'á' | 'ă' | 'â' | 'à' => 'a',
        'Á' => 'A',
        'é' | 'è' | 'ë' => 'e',
        'í' | 'î' => 'i',
        'Í' => 'I',
        'ó' | 'ò' => 'o',
        'Ó' => 'O',
        'ú' | 'ü' => 'u',
        'ñ' => 'n',
        'ș' => 's',
        'Ș' => 'S',
        'ț' => 't',
        'Ț' => 'T',
        other => other,
    }
}
