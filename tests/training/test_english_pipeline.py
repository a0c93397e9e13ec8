from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("onnx")

from finetune.pipelines.conllu import parse_conllu  # noqa: E402
from finetune.pipelines.en_batches import IGNORED, collate, label_sets, plan  # noqa: E402
from finetune.pipelines.en_data import Example, _mention_kinds, is_free  # noqa: E402
from finetune.pipelines.en_distil import taught_by  # noqa: E402
from finetune.pipelines.en_export import OUTPUTS, export  # noqa: E402
from finetune.pipelines.en_train import evaluate_trees, spans, train  # noqa: E402
from finetune.pipelines.encoder import Heads, Tagger, WordEncoder  # noqa: E402
from kg_builder.extract.open_ie.english.pieces import SHAPES, WordPieces  # noqa: E402

WORDS = ["the", "a", "dog", "cat", "bird", "saw", "chased", "liked", "park", "house", "."]


def examples() -> list[Example]:
    found = []
    for noun in ("dog", "cat", "bird"):
        for verb in ("saw", "chased", "liked"):
            for other in ("cat", "house", "park"):
                found.append(
                    Example(
                        words=("The", noun, verb, "a", other, "."),
                        upos=("DET", "NOUN", "VERB", "DET", "NOUN", "PUNCT"),
                        xpos=("DT", "NN", "VBD", "DT", "NN", "."),
                        heads=(2, 3, 0, 5, 3, 3),
                        deprels=("det", "nsubj", "root", "det", "obj", "punct"),
                        kinds=("", "animal", "", "", "place" if other != "cat" else "animal", ""),
                    )
                )
    return found


def tiny_model() -> tuple[Tagger, Heads, WordPieces]:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    pieces = WordPieces(["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS])
    heads = label_sets(examples())
    config = transformers.BertConfig(
        vocab_size=4 + len(WORDS), hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64
    )
    bert = transformers.BertModel(config, add_pooling_layer=False)
    encoder = WordEncoder(bert, layers=1, shapes=len(SHAPES))
    return Tagger(encoder, heads, arc_width=16, label_width=16, dropout=0.0), heads, pieces


def test_a_few_steps_lower_the_loss_and_onnx_equals_torch(tmp_path: Path) -> None:
    import onnxruntime

    model, heads, pieces = tiny_model()
    named = [Example(("The", "dog", "saw", "a", "park"), ner=("O", "B-PER", "O", "O", "B-LOC"))] * 8
    history = train(
        model, heads, pieces, examples(), named,
        epochs=6, budget=60, encoder_rate=3e-3, head_rate=1e-2, names_share=1.0, seed=1,
    )  # fmt: skip
    assert history[-1] < 0.5 * history[0]

    export(model, tmp_path / "model.onnx")
    batch = collate([*examples()[:3], Example(("The", "dog", "."))], heads, pieces)
    model.eval()
    with torch.inference_mode():
        expected = model(batch.pieces, batch.shapes, batch.mask, batch.first)
    session = onnxruntime.InferenceSession(str(tmp_path / "model.onnx"), providers=["CPUExecutionProvider"])
    feed = {n: getattr(batch, n).numpy() for n in ("pieces", "shapes", "mask", "first")}
    found = dict(zip(OUTPUTS, session.run(None, feed), strict=True))
    for name in ("ner", "arc", "dependent", "head"):
        np.testing.assert_allclose(found[name], getattr(expected, name).numpy(), atol=1e-4)
    assert (found["upos"] == expected.upos.argmax(-1).numpy()).all()


def test_padding_and_neighbours_change_nothing_in_exact_arithmetic() -> None:
    model, heads, pieces = tiny_model()
    model.eval()
    several = [examples()[0], Example(("The", "dog", ".")), Example(("a",))]
    together = collate(several, heads, pieces)
    with torch.inference_mode():
        all_of_them = model(together.pieces, together.shapes, together.mask, together.first)
        for row, example in enumerate(several):
            one = collate([example], heads, pieces)
            alone, n = model(one.pieces, one.shapes, one.mask, one.first), len(example.words)
            np.testing.assert_allclose(all_of_them.arc[row, :n, : n + 1], alone.arc[0], atol=1e-5)
            np.testing.assert_allclose(all_of_them.upos[row, :n], alone.upos[0], atol=1e-5)


def test_a_student_learns_trees_from_its_teacher_alone() -> None:
    teacher, heads, pieces = tiny_model()
    train(
        teacher, heads, pieces, examples(), [],
        epochs=8, budget=60, encoder_rate=3e-3, head_rate=1e-2, names_share=1.0, seed=1,
    )  # fmt: skip
    student, _, _ = tiny_model()
    before = evaluate_trees(student, examples(), heads, pieces)
    train(
        student, heads, pieces, [], [],
        epochs=8, budget=60, encoder_rate=3e-3, head_rate=1e-2, names_share=1.0, seed=2,
        unlabelled=[Example(e.words) for e in examples()], extra_loss=taught_by(teacher, student),
    )  # fmt: skip
    taught = evaluate_trees(student, examples(), heads, pieces)
    assert taught["las"] > max(90, before["las"])
    assert taught["upos"] > 90


def test_a_batch_marks_what_is_not_annotated() -> None:
    _, heads, pieces = tiny_model()
    batch = collate([examples()[0], Example(("The", "dog"), ner=("O", "B-PER"))], heads, pieces)
    assert batch.targets["head"][0].tolist() == [2, 3, 0, 5, 3, 3]
    assert batch.targets["head"][1].tolist() == [IGNORED] * 6
    assert batch.targets["ner"][0].tolist() == [IGNORED] * 6
    assert batch.words[1].tolist() == [1, 1, 0, 0, 0, 0]


def test_groups_hold_every_example_once_within_the_budget() -> None:
    groups = list(plan(examples(), budget=30, chance=None))
    assert sum(map(len, groups)) == len(examples())
    assert all(len(g) * max(len(e.words) for e in g) <= 30 for g in groups)


def test_names_in_bio_tags() -> None:
    assert spans(["B-PER", "I-PER", "O", "I-LOC", "B-LOC", "I-ORG"]) == {
        (0, 2, "PER"), (3, 4, "LOC"), (4, 5, "LOC"), (5, 6, "ORG"),
    }  # fmt: skip


CONLLU = """# newdoc id = d1
# sent_id = 1
# text = John's dog can't swim
1-2\tJohn's\t_\t_\t_\t_\t_\t_\t_\t_
1\tJohn\tJohn\tPROPN\tNNP\tNumber=Sing\t3\tnmod:poss\t_\tEntity=(1-animal-new-x-1-sgl(2-person-new-x-1-sgl
2\t's\t's\tPART\tPOS\t_\t1\tcase\t_\tEntity=2)
3\tdog\tdog\tNOUN\tNN\tNumber=Sing\t6\tnsubj\t_\tEntity=1)
4-5\tcan't\t_\t_\t_\t_\t_\t_\t_\t_
4\tca\tcan\tAUX\tMD\t_\t6\taux\t_\t_
5\tn't\tnot\tPART\tRB\t_\t6\tadvmod\t_\t_
5.1\tghost\t_\t_\t_\t_\t_\t_\t_\t_
6\tswim\tswim\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No

"""


def test_conllu_words_spacing_and_mentions() -> None:
    (sentence,) = parse_conllu(iter(CONLLU.splitlines(keepends=True)))
    assert "".join(w.form + " " * w.space_after for w in sentence.words) == "John's dog can't swim"
    assert sentence.document == "d1"
    assert _mention_kinds(sentence) == ("person", "", "animal", "", "", "")
    assert sentence.words[0].feature("Number") == "Sing"


def test_texts_under_closed_licences_are_left_out() -> None:
    assert is_free({"meta::genre": "news", "meta::author": "Wikinews"})
    assert not is_free({"meta::genre": "fiction"})
    assert not is_free({"meta::genre": "court", "meta::author": "Santa Barbara Corpus of Spoken American English"})
