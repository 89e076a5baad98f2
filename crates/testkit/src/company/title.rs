//! The same roles under the many names that people give them.

use super::names::Tongue;
use super::person::Seniority;

pub(super) type Titles = [(i64, (Seniority, &'static [&'static str])); 6];

/// What people of this language call themselves, and how many of a hundred are of which rank.
pub(super) fn titles(tongue: Tongue) -> &'static Titles {
    match tongue {
        Tongue::Spanish => &SPANISH_TITLES,
        Tongue::Romanian => &ROMANIAN_TITLES,
        Tongue::English => &ENGLISH_TITLES,
    }
}

static SPANISH_TITLES: Titles = [
    (10, (Seniority::CLevel, &[
        "CEO", "Director general", "Directora general", "Consejero delegado", "Gerente",
        "Fundadora", "Director ejecutivo", "CTO", "Directora financiera (CFO)",
    ])),
    (6, (Seniority::Vp, &[
        "VP Marketing", "Vicepresidente de ventas", "Vicepresidenta", "VP Operaciones",
    ])),
    (15, (Seniority::Director, &[
        "Director de marketing", "Directora de compras", "Director comercial",
        "Directora de RR. HH.", "Directora de operaciones",
    ])),
    (25, (Seniority::Manager, &[
        "Responsable de compras", "Office manager", "Jefe de equipo",
        "Jefa de administración", "Responsable de servicios generales",
    ])),
    (36, (Seniority::Specialist, &[
        "Técnico de compras", "Administrativa", "Analista", "Recepcionista",
        "Desarrollador",
    ])),
    (8, (Seniority::Student, &["Estudiante", "Becaria", "En prácticas"])),
];

static ROMANIAN_TITLES: Titles = [
    (11, (Seniority::CLevel, &[
        "CEO", "Director general", "Director General", "Administrator", "Președinte",
        "Director executiv", "Fondator", "Director financiar (CFO)",
    ])),
    (6, (Seniority::Vp, &["VP Marketing", "Vicepreședinte", "Vicepreședinte vânzări"])),
    (15, (Seniority::Director, &[
        "Director de marketing", "Director achiziții", "Director comercial",
        "Director resurse umane",
    ])),
    (25, (Seniority::Manager, &[
        "Manager achiziții", "Office manager", "Șef de departament",
        "Manager administrativ",
    ])),
    (35, (Seniority::Specialist, &[
        "Specialist achiziții", "Asistent manager", "Analist", "Programator", "Recepționer",
    ])),
    (8, (Seniority::Student, &["Student", "Studentă", "Stagiar"])),
];

static ENGLISH_TITLES: Titles = [
    (10, (Seniority::CLevel, &[
        "CEO", "Chief Executive Officer", "Managing Director", "Founder", "C.E.O.", "COO",
        "CFO", "Co-founder & CEO",
    ])),
    (8, (Seniority::Vp, &[
        "VP Marketing", "Vice-president, Sales", "Vice President", "SVP Operations",
    ])),
    (15, (Seniority::Director, &[
        "Director of Marketing", "Procurement Director", "HR Director",
        "Director, Facilities",
    ])),
    (25, (Seniority::Manager, &[
        "Office Manager", "Facilities Manager", "Procurement Manager", "Team Lead",
        "Head of Workplace",
    ])),
    (34, (Seniority::Specialist, &[
        "Buyer", "Executive Assistant", "Analyst", "Engineer", "Receptionist",
    ])),
    (8, (Seniority::Student, &["Student", "Intern", "Trainee"])),
];
