//! Names of people who do not exist, and how a mail address spells them.

/// Given names; after a bar the spelling in addresses, where folding the letters does not give it.
const GIVEN: [&str; 96] = [
    "Aaliyah",
    "Adebayo",
    "Agnieszka",
    "Aiko",
    "Alessia",
    "Amara",
    "Anders",
    "Anouk",
    "Aoife",
    "Arjun",
    "Astrid",
    "Ayşe",
    "Bartosz",
    "Beatriz",
    "Benedikt",
    "Birgitta",
    "Bogdan",
    "Brónagh",
    "Camille",
    "Catalina",
    "Chidera",
    "Clémence",
    "Dagny",
    "Daria",
    "Deepika",
    "Dimitra",
    "Dragan",
    "Eduardo",
    "Eilidh",
    "Elif",
    "Emeka",
    "Esra",
    "Fatou",
    "Federico",
    "Felix",
    "Freya",
    "Gabriela",
    "Gaspard",
    "Giorgos",
    "Gudrun",
    "Hana",
    "Haruto",
    "Hélène",
    "Henrik",
    "Ifeoma",
    "Ilse",
    "Imogen",
    "Ingrid",
    "Iván",
    "Jakub",
    "Jelena",
    "João",
    "Jorunn",
    "Kamala",
    "Kasper",
    "Katarzyna",
    "Kenji",
    "Kwabena",
    "Laszlo",
    "Leilani",
    "Liselotte",
    "Luca",
    "Ludmila",
    "Małgorzata",
    "Marek",
    "Mateo",
    "Mehmet",
    "Milena",
    "Nadia",
    "Nikolaj",
    "Niamh",
    "Nuria",
    "Olumide",
    "Óscar",
    "Paloma",
    "Pieter",
    "Priyanka",
    "Quentin",
    "Rafał",
    "Roksana",
    "Rosalind",
    "Sakura",
    "Séamus",
    "Sibusiso",
    "Signe",
    "Soraya",
    "Štěpán",
    "Tamsin",
    "Thandeka",
    "Tuğçe",
    "Ulrike",
    "Valentin",
    "Wanjiru",
    "Ximena",
    "美咲|misaki",
    "Наталія|nataliia",
];

/// Surnames, in the same form.
const SURNAMES: [&str; 112] = [
    "Abernathy",
    "Achterberg",
    "Adeyemi",
    "Ahlgren",
    "Alencar",
    "Amundsen",
    "Andriessen",
    "Arslan",
    "Asante",
    "Bakkali",
    "Banerjee",
    "Baranowski",
    "Bellweather",
    "Bergström",
    "Bianchetti",
    "Blomqvist",
    "Boateng",
    "Brânză",
    "Brzezina",
    "Cardoso",
    "Castellanos",
    "Chaudhary",
    "Cieślak",
    "Coulibaly",
    "Cragside",
    "Danjuma",
    "Delacroix",
    "Demirtaş",
    "Dlamini",
    "Drăgulescu",
    "Dvořáček",
    "Eberhardt",
    "Eklund",
    "Escalante",
    "Etxeberria",
    "Fairweather",
    "Falkenberg",
    "Fernsby",
    "Fjeldstad",
    "Fonseca",
    "Fujimoto",
    "Gallagher",
    "Ghosh",
    "Grzelak",
    "Guðmundsdóttir",
    "Haavisto",
    "Habiba",
    "Halloran",
    "Hartikainen",
    "Hashimoto",
    "Havlíček",
    "Hollingshead",
    "Horváth",
    "Ibekwe",
    "Iliescu",
    "Inoue",
    "Iversen",
    "Jabłoński",
    "Jankovic",
    "Jørgensen",
    "Kallström",
    "Kariuki",
    "Kavanagh",
    "Kirchhoff",
    "Kobayashi",
    "Kowalewska",
    "Krishnan",
    "Kühn",
    "Lachance",
    "Langerak",
    "Larkspur",
    "Lehtonen",
    "Lindqvist",
    "Łukasik",
    "Macdougall",
    "Mahlangu",
    "Marchetti",
    "Mbeki",
    "Meijerink",
    "Mendonça",
    "Moreau",
    "Mwangi",
    "Nakagawa",
    "Navarrete",
    "Ndiaye",
    "Nørgaard",
    "Novotná",
    "O'Dwyer",
    "Okonkwo",
    "Oyelaran",
    "Öztürk",
    "Pajari",
    "Papadaki",
    "Petrescu",
    "Quintanilla",
    "Radović",
    "Rasmussen",
    "Ravensworth",
    "Rochefort",
    "Sandoval",
    "Satō",
    "Schönfeld",
    "Šimůnek",
    "Søndergaard",
    "Stavridis",
    "Takahashi",
    "Tenorio",
    "Valdivia",
    "van Wijk",
    "Wachira",
    "Yıldırım",
    "Żukowski",
];

/// One person's name.
#[derive(Debug, Clone)]
pub(super) struct Name {
    pub(super) given: &'static str,
    pub(super) surname: &'static str,
    /// Left part of the address; unique among all [`Name`]s.
    pub(super) nick: String,
}

/// Name of person number `number`. The numbers run through all pairs in a scattered order; who
/// comes after the last pair gets a figure behind the address, as in life.
pub(super) fn name(number: u32) -> Name {
    const PAIRS: u32 = 96 * 112;
    // Shares no divisor with PAIRS (2^9 * 3 * 7), so that every pair comes once a round.
    const STRIDE: u32 = 4_211;
    let (round, place) = (number / PAIRS, number % PAIRS);
    let pair = (place * STRIDE + round) % PAIRS;
    let (given, given_nick) = spelled(GIVEN[(pair / 112) as usize]);
    let (surname, surname_nick) = spelled(SURNAMES[(pair % 112) as usize]);
    let mut nick = format!("{given_nick}.{surname_nick}");
    if round > 0 {
        nick.push_str(&(round + 1).to_string());
    }
    Name {
        given,
        surname,
        nick,
    }
}

fn spelled(entry: &'static str) -> (&'static str, String) {
    match entry.split_once('|') {
        Some((name, nick)) => (name, nick.to_owned()),
        None => (entry, fold(entry)),
    }
}

/// Letters of an address for the letters of a name.
pub(super) fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for letter in name.chars().flat_map(char::to_lowercase) {
        match letter {
            'a'..='z' | '0'..='9' | '.' | '-' => folded.push(letter),
            'á' | 'ã' | 'ă' | 'â' | 'å' | 'ą' => folded.push('a'),
            'ä' => folded.push_str("ae"),
            'ç' | 'č' | 'ć' => folded.push('c'),
            'é' | 'è' | 'ě' | 'ę' => folded.push('e'),
            'ð' => folded.push('d'),
            'ğ' => folded.push('g'),
            'í' | 'ı' => folded.push('i'),
            'ł' => folded.push('l'),
            'ñ' | 'ń' => folded.push('n'),
            'ó' | 'ō' | 'õ' => folded.push('o'),
            'ö' | 'ø' => folded.push_str("oe"),
            'ř' => folded.push('r'),
            'ś' | 'š' | 'ş' => folded.push('s'),
            'ú' | 'ů' => folded.push('u'),
            'ü' => folded.push_str("ue"),
            'ý' => folded.push('y'),
            'ź' | 'ż' | 'ž' => folded.push('z'),
            _ => {}
        }
    }
    folded
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn addresses_are_unique_and_plain() {
        let nicks: HashSet<String> = (0..30_000).map(|number| name(number).nick).collect();
        assert_eq!(nicks.len(), 30_000);
        for nick in &nicks {
            assert!(
                nick.is_ascii() && !nick.starts_with('.') && !nick.contains(".."),
                "{nick}"
            );
        }
    }
}
