"""The comparison of our program with its peers: turns, agreement of losses, and what is said of those that fail."""

import json
import sys
import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

from peers import compare
from peers.rows import FIRST_TOLERANCE, ROWS, distance

PRETENDER = Path(__file__).parent / "pretender.py"
GOLDEN = [3.0, 2.0, 1.5, 1.25, 1.2, 1.1, 1.0, 0.9, 0.8, 0.7]


class Comparison(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        self.diary = self.folder / "diary"
        self.diary.touch()

    def participant(self, title, **manners):
        manners = {"first_losses": GOLDEN, "final_loss": 0.5, "seconds": [2.0, 1.0, 3.0], **manners}
        return compare.Participant(title, [sys.executable, str(PRETENDER), title, str(self.diary), json.dumps(manners)])

    def ours(self, **manners):
        return self.participant(compare.OURS, **{"seconds": [0.5, 0.25, 0.75], "first_losses": [], **manners})

    def compare(self, *participants, row="softmax", golden=GOLDEN, rounds=3, patience=30):
        compare.take_turns(participants, rounds, patience)
        compare.judge(participants, row, golden)
        return [compare.facts(p, participants[0]) for p in participants]

    def result(self, facts):
        return {"date": "today", "commit": "abc", "processor": "a processor", "threads": 1, "rounds": 3, "load_before": 0.0,
                "load_after": 0.0, "rows": [{"row": "Softmax", "rounds": 3, "frameworks": facts}]}  # fmt: skip

    def test_all_take_turns_in_every_round(self):
        self.compare(self.ours(), self.participant("a"), self.participant("b"))
        lines = self.diary.read_text().splitlines()
        self.assertEqual(lines[:3], ["Plugrad begins", "a begins", "b begins"])
        self.assertEqual(lines[3:], ["Plugrad runs", "a runs", "b runs"] * 3)

    def test_ratio_is_that_of_the_minima(self):
        ours, a = self.compare(self.ours(), self.participant("a"))
        self.assertEqual((a["minimum"], a["median"], a["ratio"]), (1.0, 2.0, 4.0))
        self.assertEqual((ours["minimum"], ours["ratio"]), (0.25, None))

    def test_ratio_of_processor_time_is_there_where_both_tell_it(self):
        ours, a = self.compare(self.ours(), self.participant("a"))
        self.assertEqual((ours["cpu_minimum"], a["cpu_ratio"], ours["cpu_ratio"]), (0.1, 1.0, None))
        silent = compare.Participant("b", [], runs=[{"seconds": 1.0, "final_loss": 0.5}])
        self.assertIsNone(compare.facts(silent, silent)["cpu_minimum"])

    def test_wrong_first_losses_withhold_the_ratio(self):
        almost = [GOLDEN[0] * (1 + 3 * FIRST_TOLERANCE), *GOLDEN[1:]]
        _, a, b = self.compare(self.ours(), self.participant("a", first_losses=almost), self.participant("b"))
        self.assertIsNone(a["ratio"])
        self.assertIn("first losses are off by 3.0e-04", a["withheld"])
        self.assertEqual(b["ratio"], 4.0)
        table = compare.to_markdown(self.result([a, b]))
        self.assertIn("| withheld: its first losses", table)

    def test_missing_first_losses_withhold_the_ratio(self):
        _, a = self.compare(self.ours(), self.participant("a", first_losses=GOLDEN[:4]))
        self.assertIn("only 4 of its first losses", a["withheld"])

    def test_wrong_final_loss_withholds_the_ratio(self):
        far = 0.5 * (1 + 2 * ROWS["softmax"].final_tolerance)
        _, a = self.compare(self.ours(), self.participant("a", final_loss=far))
        self.assertIsNone(a["ratio"])
        self.assertIn("final loss is off ours", a["withheld"])

    def test_a_final_loss_that_is_no_number_withholds_the_ratio(self):
        _, a = self.compare(self.ours(), self.participant("a", final_loss=float("nan")))
        self.assertIsNone(a["ratio"])
        self.assertIn("nan", a["withheld"])

    def test_only_the_first_loss_of_charlm_counts(self):
        chaotic = [GOLDEN[0]] + [2 * loss for loss in GOLDEN[1:]]
        _, a = self.compare(self.ours(), self.participant("a", first_losses=chaotic), row="charlm")
        self.assertEqual(a["ratio"], 4.0)

    def test_without_golden_losses_peers_are_held_to_the_first_of_them(self):
        other = [2 * loss for loss in GOLDEN]
        _, a, b = self.compare(self.ours(), self.participant("a"), self.participant("b", first_losses=other), golden=[])
        self.assertEqual((a["ratio"], b["ratio"]), (4.0, None))

    def test_a_crash_is_said_and_the_others_go_on(self):
        _, a, b = self.compare(self.ours(), self.participant("a", dies_in_turn=1), self.participant("b"))
        self.assertIn("SIGABRT", a["failure"])
        self.assertIsNone(a["minimum"])
        self.assertEqual(b["ratio"], 4.0)
        table = compare.to_markdown(self.result([a, b]))
        self.assertIn("| failed: ended with SIGABRT", table)

    def test_what_cannot_be_loaded_is_said(self):
        _, a = self.compare(self.ours(), self.participant("a", absent=True))
        self.assertIn("No module named 'a'", a["failure"])

    def test_what_is_not_installed_is_not_started(self):
        a = self.participant("a")
        a.not_installed = "ERROR: no matching distribution"
        _, a = self.compare(self.ours(), a)
        self.assertEqual(a["failure"], "not installed: ERROR: no matching distribution")
        self.assertNotIn("a begins", self.diary.read_text())

    def test_what_cannot_be_started_is_said(self):
        _, a = self.compare(self.ours(), compare.Participant("a", ["/no/such/program"]))
        self.assertIn("cannot be started", a["failure"])

    def test_what_hangs_is_ended(self):
        _, a = self.compare(self.ours(), self.participant("a", hangs=True), patience=2)
        self.assertEqual(a["failure"], "no answer within 2 s")

    def test_without_ours_there_are_no_ratios(self):
        ours, a = self.compare(self.ours(dies_in_turn=0), self.participant("a"))
        self.assertIn("SIGABRT", ours["failure"])
        self.assertEqual((a["minimum"], a["ratio"]), (1.0, None))
        self.assertIn("Plugrad has no figures", a["withheld"])

    def test_files_hold_every_participant(self):
        facts = self.compare(self.ours(), self.participant("a <b> & c"), self.participant("dead", dies_in_turn=0))
        compare.write(self.folder, self.result(facts))
        written = json.loads((self.folder / "comparison.json").read_text())
        self.assertEqual([f["framework"] for f in written["rows"][0]["frameworks"]], ["Plugrad", "a <b> & c", "dead"])
        texts = [e.text for e in ElementTree.parse(self.folder / "comparison.svg").iter() if e.tag.endswith("text")]
        for text in ("Softmax", "Plugrad", "a <b> & c", "1 s, 4.0 x"):
            self.assertIn(text, texts)
        self.assertTrue(any("failed: ended with SIGABRT" in text for text in texts))
        table = (self.folder / "comparison.md").read_text().splitlines()
        self.assertEqual(len([line for line in table if line.startswith("| Softmax |")]), 3)
        self.assertEqual(list(self.folder.glob("*.part")), [])

    def test_distance(self):
        self.assertAlmostEqual(distance([1.01, 2.0], [1.0, 2.0, 5.0]), 0.01)
        self.assertEqual(distance([float("nan"), 1.0], [1.0, 1.0]), float("inf"))


class Options(unittest.TestCase):
    def test_rows_and_peers_go_by_their_names_in_any_case(self):
        options = compare.parse(["--program", "p", "--rows", "MLP,linreg", "--peers", "jax"])
        self.assertEqual((options.rows, options.peers), (["mlp", "linreg"], ["jax"]))

    def test_every_peer_has_a_module(self):
        for _, module, _, _ in compare.PEERS.values():
            self.assertTrue((Path(compare.__file__).parent / f"{module}.py").is_file(), module)

    def test_pip_s_reason_is_what_a_peer_lacks(self):
        with tempfile.TemporaryDirectory() as folder:
            failed = Path(folder) / "failed"
            failed.mkdir()
            (failed / "mlx").write_text("ERROR: no wheel\n")
            options = compare.parse(["--program", "p", "--python", f"{folder}/bin/python", "--peers", "jax,mlx"])
            _, jax, mlx = compare.participants_of("mlp", Path("w"), options)
        self.assertEqual((jax.not_installed, mlx.not_installed), ("", "ERROR: no wheel"))


if __name__ == "__main__":
    unittest.main()
