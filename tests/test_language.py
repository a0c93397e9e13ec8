import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg_builder.language import detect_language

CASES = [
    # English: running text, headings, names, table rows, code
    ("en", "The company was founded in 1998 and has its headquarters in Berlin."),
    ("en", "Introduction"),
    ("en", "Annual Report 2023"),
    ("en", "Barack Obama"),
    ("en", "Gabriel García Márquez"),
    ("en", "Ludwig van Beethoven"),
    ("en", "Rio de Janeiro"),
    ("en", "Museo Nacional de la Reina Sofía"),
    ("en", "Antoine de Saint-Exupéry wrote The Little Prince."),
    ("en", "Name | Founded | Employees"),
    ("en", "IBM, 1911, Armonk"),
    ("en", "Der Spiegel reported profits yesterday."),
    ("en", "Björk released Homogenic."),
    ("en", "He ate a crème brûlée at the café."),
    ("en", "Revenue rose sharply."),
    ("en", "Don't panic!"),
    ("en", "Um, I don't care."),
    ("en", "Contact: jane@example.com"),
    ("en", "x = foo(bar, baz)"),
    ("en", "Peking University (北京大学) is a university in Beijing."),
    ("en", "The letter π denotes a constant."),
    ("en", "Max Planck Institute"),
    ("en", "No. 5: Chanel"),
    ("en", "Die Hard"),
    ("en", "prop | system-id | /o:plan/o:item/o:prop /o:plan/o:other/o:prop"),
    ("en", "def dump_employee(e: E) -> None: ..."),
    ("en", "ＡＣＭＥ Ｃｏｒｐ"),
    # Chinese, simplified and traditional, mixed
    ("zh", "北京大学是中国的一所大学。"),
    ("zh", "蘋果公司由史蒂夫·賈伯斯創立。"),
    ("zh", "苹果公司（Apple Inc.）由Steve Jobs创立"),
    ("zh", "目录"),
    ("zh", "第三章 总则"),
    ("zh", "姓名：张伟，年龄：35"),
    ("zh", "2023年收入增长12.5%"),
    ("zh", "他使用Python和C++编程。"),
    ("zh", "他喜欢喝鲜の每日这个牌子的果汁，每天早上都要喝一瓶。"),
    ("zh", "臺灣積體電路製造股份有限公司"),
    # Japanese, Korean
    ("other", "東京は日本の首都です。"),
    ("other", "株式会社ソニーはテレビを製造した"),
    ("other", "東京都知事選挙"),
    ("other", "서울은 대한민국의 수도이다."),
    ("other", "삼성전자(三星電子)는 한국의 회사다"),
    # Latin script, other languages
    ("other", "La bibliothèque est ouverte tous les jours."),
    ("other", "Il est né à Paris et il vit à Lyon."),
    ("other", "Das Unternehmen wurde 1998 gegründet."),
    ("other", "Wo ist der Bahnhof?"),
    ("other", "Die Katze sitzt auf dem Tisch."),
    ("other", "El presidente viajó a Madrid para una reunión."),
    ("other", "¿Dónde está la biblioteca?"),
    ("other", "La casa es muy grande."),
    ("other", "A empresa foi fundada em São Paulo e tem mil funcionários."),
    ("other", "Il gatto è nella casa di Maria."),
    ("other", "Non sono mai stato a Roma."),
    ("other", "Het bedrijf werd in 1998 opgericht in Amsterdam."),
    ("other", "Företaget grundades 1998 och har sitt säte i Stockholm."),
    ("other", "Selskapet ble stiftet i 1998 og ligger i Oslo."),
    ("other", "Yritys perustettiin vuonna 1998 ja se toimii Helsingissä."),
    ("other", "Firma została założona w 1998 roku i jest w Warszawie."),
    ("other", "Společnost byla založena v roce 1998 a její sídlo je v Praze."),
    ("other", "A céget 1998-ban alapították, és a székhelye Budapesten van."),
    ("other", "Compania a fost fondată în 1998 și are sediul în București."),
    ("other", "Şirket 1998 yılında kuruldu ve merkezi İstanbul'dadır."),
    ("other", "Perusahaan itu didirikan pada tahun 1998 dan tidak besar."),
    ("other", "Công ty được thành lập năm 1998 và có trụ sở tại Hà Nội."),
    ("other", "Omnia mutantur, sed nihil interit quod est."),
    # Other scripts
    ("other", "Москва — столица России."),
    ("other", "Η Αθήνα είναι η πρωτεύουσα της Ελλάδας."),
    ("other", "القاهرة هي عاصمة مصر."),
    ("other", "ירושלים היא עיר."),
    ("other", "नई दिल्ली भारत की राजधानी है।"),
    ("other", "กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย"),
    ("other", "Компания Apple основана в 1976 году"),
    # Nothing to judge by
    ("other", ""),
    ("other", "12.5 | 34 | --"),
    ("other", "🙂🙂"),
]


@pytest.mark.parametrize(("language", "text"), CASES)
def test_language_of(language: str, text: str) -> None:
    assert detect_language(text) == language


def test_the_table_is_broad() -> None:
    assert len(CASES) >= 60


@given(st.text(max_size=200))
def test_any_text_has_a_language(text: str) -> None:
    assert detect_language(text) in {"en", "zh", "other"}


@pytest.mark.parametrize("unit", ["word ", "字", "字word", "é", "a", "Ж "])
def test_time_grows_linearly_with_length(unit: str) -> None:
    """Ten times the text takes about ten times as long, not a hundred (generous, for busy machines)."""
    small, large = unit * 20_000, unit * 200_000
    begin = time.process_time()
    detect_language(small)
    middle = time.process_time()
    detect_language(large)
    assert time.process_time() - middle < 40 * (middle - begin) + 0.2
