//! Text for load data: words of several languages, drawn as people use them.

use rand_core::Rng;

/// Each language's words, the common ones first.
const LANGUAGES: [(&str, &str); 6] = [
    (
        " ",
        "the to and of is we you in for it that on will have be with this are can at from your our not please by \
         apartment house viewing contract price offer Tuesday morning street garden kitchen floor keys bank notary \
         tenant owner signed waiting tomorrow balcony parking elevator heating windows survey mortgage deposit \
         neighbour renovation invoice handover inspection photographs lease brochure appointment afternoon quiet \
         bright attic cellar terrace agreement transfer paperwork insulation boundary permit valuation commission",
    ),
    (
        " ",
        "die der und wir in das ist zu den mit nicht auf für ein von Sie es am bitte haben wird noch aber \
         Wohnung Haus Besichtigung Vertrag Preis Angebot Dienstag Garten Küche Schlüssel Notar Eigentümer Mieter \
         morgen Balkon Stellplatz Heizung Fenster Grundbuch Kaufpreis Übergabe Nebenkosten Grundriss Straße \
         Energieausweis Finanzierung Maklervertrag ruhig hell Dachboden Keller Terrasse Unterlagen Renovierung",
    ),
    (
        " ",
        "de la le et les des en un une est que pour dans nous vous pas sur avec au plus merci mais très \
         appartement maison visite contrat prix offre mardi jardin cuisine clés notaire propriétaire locataire demain \
         balcon parking chauffage fenêtres acte état remise charges plan rue diagnostic financement mandat calme \
         lumineux grenier cave terrasse dossier rénovation hôtel près côté",
    ),
    (
        " ",
        "de la que el en y los del las un por con una para es lo no al gracias pero muy mañana \
         piso casa visita contrato precio oferta martes jardín cocina llaves notario propietario inquilino balcón \
         garaje calefacción ventanas escritura entrega gastos plano calle certificado hipoteca tranquilo luminoso \
         ático sótano terraza documentación reforma señor año",
    ),
    (
        " ",
        "في من على إلى أن هذا نحن مع عن كان لا ما هل شكرا غدا اليوم يوم \
         الشقة البيت المعاينة العقد السعر العرض الثلاثاء الحديقة المطبخ المفاتيح الموثق المالك المستأجر الشرفة \
         الموقف التدفئة النوافذ التسليم الشارع التمويل هادئ مشمس الطابق القبو المستندات التجديد الموعد الصور",
    ),
    (
        "",
        "です ます の に を は が と で も した ください お願い します ありがとうございます 明日 今日 火曜日 \
         部屋 家 内見 契約 価格 見積もり 庭 台所 鍵 公証人 大家 入居者 駐車場 暖房 窓 引き渡し 図面 通り 証明書 \
         融資 静か 明るい 屋根裏 地下室 書類 改装 予約 写真 東京 横浜 マンション 駅 徒歩",
    ),
];

/// Draws texts.
pub(super) struct Writer {
    languages: Vec<(&'static str, Vec<&'static str>)>,
    /// A rare word now and then is what people search for.
    rare: u64,
}

impl Writer {
    pub fn new() -> Self {
        let languages =
            LANGUAGES.iter().map(|(gap, words)| (*gap, words.split_whitespace().collect())).collect();
        Self { languages, rare: 0 }
    }

    /// A message: mostly one short sentence, sometimes a long one.
    pub fn text(&mut self, rng: &mut impl Rng) -> String {
        let (gap, words) = match below(rng, 10) {
            0..=3 => self.language(0),
            4..=5 => self.language(1),
            6 => self.language(2),
            7 => self.language(3),
            8 => self.language(4),
            _ => self.language(5),
        };
        let length = 3 + below(rng, 14) + if below(rng, 12) == 0 { below(rng, 60) } else { 0 };
        let mut text = String::new();
        for n in 0..length {
            if n > 0 {
                text.push_str(gap);
            }
            text.push_str(words.get(zipf(rng, words.len())).copied().unwrap_or("."));
        }
        if below(rng, 50) == 0 {
            self.rare += 1;
            text.push_str(&format!(" HG-{:05}", self.rare));
        }
        text
    }

    /// A few words, as a subject.
    pub fn subject(&mut self, rng: &mut impl Rng) -> String {
        let (gap, words) = self.language(0);
        let draw = |rng: &mut _| words.get(zipf(rng, words.len())).copied().unwrap_or("House");
        (0..2 + below(rng, 3)).map(|_| draw(rng)).collect::<Vec<_>>().join(gap)
    }

    fn language(&self, number: usize) -> (&'static str, Vec<&'static str>) {
        self.languages.get(number).cloned().unwrap_or_default()
    }
}

/// A number below `end`.
pub(super) fn below(rng: &mut impl Rng, end: u64) -> u64 {
    if end == 0 { 0 } else { rng.next_u64() % end }
}

/// A place in a list, the n-th being n times rarer than the first: `n^u - 1` for `u` drawn evenly follows 1/rank.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lists are short, and the result lies in them"
)]
fn zipf(rng: &mut impl Rng, length: usize) -> usize {
    let even = (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64;
    let place = ((length + 1) as f64).powf(even) - 1.0;
    (place as usize).min(length.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    #[test]
    fn common_words_are_common_and_rare_ones_appear() {
        let rng = &mut ChaCha20Rng::from_seed([1; 32]);
        let mut counts = [0u32; 100];
        for _ in 0..100_000 {
            counts[zipf(rng, 100)] += 1;
        }
        assert!(counts[0] > 5 * counts[9] && counts[0] < 20 * counts[9], "{counts:?}");
        assert!(counts[99] > 50, "{counts:?}");
    }

    #[test]
    fn all_scripts_come_up() {
        let rng = &mut ChaCha20Rng::from_seed([2; 32]);
        let mut writer = Writer::new();
        let text: String = (0..500).map(|_| writer.text(rng)).collect();
        assert!(
            text.contains('の') && text.contains("في") && text.contains("the") && text.contains("HG-00001")
        );
    }
}
