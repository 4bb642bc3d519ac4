# SPDX-License-Identifier: Apache-2.0
"""Tests of what is pure in the benchmark."""
import json
import unittest
import xml.dom.minidom

from pailbench import bars, cgroup, limits, measure, mounters, plot, record, results, text, workloads
from pailbench.measure import GIB, Sample
from pailbench.workload import Workload, parse_size


def outcome(workload_id="B12", latency=0, **rates):
    """One run of a GiB each; rates are MiB/s of mounters and, as curl and null, of the limits."""
    workload = next(w for w in workloads.ALL if w.id == workload_id)
    made = results.Outcome(workload, latency, 0)
    for name, rate in rates.items():
        series = results.Series({"curl": "curl x16", "null": "null FUSE"}.get(name, name),
                                [Sample(seconds=1024 / rate, bytes=GIB, cpu=1, requests={"GetObject": 9, "HeadObject": 1})])
        if name in ("curl", "null"):
            made.limits[series.name] = series
        else:
            made.series.append(series)
    return made


class Measures(unittest.TestCase):
    def test_depth_counts_requests_that_waited_for_one_another(self):
        self.assertEqual(measure.serial_depth([]), 0)
        self.assertEqual(measure.serial_depth([(0, 10), (10, 20), (25, 30)]), 3)
        self.assertEqual(measure.serial_depth([(0, 10), (1, 11), (2, 12)]), 1)
        self.assertEqual(measure.serial_depth([(0, 100), (0, 10), (20, 30), (5, 40), (50, 60)]), 3)

    def test_a_request_that_never_ended_lasts_as_long_as_its_latency(self):
        self.assertEqual(measure.spans_of([{"began_us": 5, "ended_us": 0, "latency_us": 7}]), [(5, 12)])

    def test_processor_time_is_found_behind_a_name_with_blanks_and_brackets(self):
        ticks = 100 * measure._TICK
        line = f"12 (a) b) S 1 1 1 0 -1 0 0 0 0 0 {ticks} {ticks} {ticks} 0 20 0"
        self.assertEqual(measure.parse_cpu(line), 300)

    def test_memory_is_read_in_kibibytes(self):
        self.assertEqual(measure.parse_status("VmPeak:\t  9 kB\nVmHWM:\t  2048 kB\n", "VmHWM"), 2 << 20)
        self.assertEqual(measure.parse_status("Name: x\n", "VmHWM"), 0)

    def test_content_leaves_listings_and_errors_out(self):
        log = [{"op": "GetObject", "status": 206, "bytes_out": 5}, {"op": "GetObject", "status": 404, "bytes_out": 7},
               {"op": "ListObjectsV2", "status": 200, "bytes_out": 9}]
        self.assertEqual(measure.content_of(log), 5)

    def test_groups_of_both_versions_are_recognised(self):
        self.assertEqual(cgroup.parse_own("4:memory:/a/b\n1:cpu:/\n0::/c\n"), ("/a/b", "/c"))
        self.assertEqual(cgroup.parse_own("0::/\n"), (None, "/"))


class Tables(unittest.TestCase):
    def test_every_workload_can_run_and_says_its_minimum(self):
        self.assertEqual(len({w.id for w in workloads.ALL}), len(workloads.ALL))
        for w in workloads.ALL:
            self.assertEqual(bool(w.io) + bool(w.script), 1, w.id)
            self.assertEqual(w.minimum is None, w.minimum_why == "", w.id)
            self.assertTrue(w.limit is None or w.size() > 0, w.id)

    def test_b1_to_b23_are_there(self):
        self.assertEqual({f"B{n}" for n in range(1, 24)} - {w.id.split("-")[0] for w in workloads.ALL}, set())

    def test_workloads_are_chosen_by_id_and_pattern(self):
        self.assertEqual([w.id for w in workloads.choose(["b12"], False)], ["B12"])
        self.assertEqual([w.id for w in workloads.choose(["B17*"], False)], ["B17", "B17-log"])
        self.assertEqual(len(workloads.choose([], False)), len(workloads.ALL))
        self.assertTrue(all(w.quick for w in workloads.choose([], True)))
        with self.assertRaises(ValueError):
            workloads.choose(["B99"], False)

    def test_sizes_are_read_from_the_words_of_bench_io(self):
        self.assertEqual(parse_size("64M"), 64 << 20)
        self.assertEqual(parse_size("100"), 100)
        self.assertEqual(Workload("x", "x", io=("read", "data", "block=1K", "size=2G")).size(), 2 << 30)

    def test_mounters_are_found_by_name_or_by_program(self):
        other = mounters.find("old=/bin/sh", "/nowhere")
        self.assertEqual((other.name, other.program, other.kind), ("old", "/bin/sh", mounters.KINDS["pailfs"]))
        self.assertIs(mounters.find("s3fs-new=/bin/sh", "").kind, mounters.KINDS["s3fs"])
        self.assertIsNone(mounters.find("pailfs", "/nowhere"))
        with self.assertRaises(ValueError):
            mounters.find("nonesuch", "")

    def test_ranges_cover_a_file(self):
        self.assertEqual(limits.ranges(20, 8), [(0, 7), (8, 15), (16, 19)])


class Judgements(unittest.TestCase):
    def test_the_composed_limit_is_below_both(self):
        self.assertEqual(limits.composed(2, 2), 1)
        self.assertEqual(limits.composed(2, 0), 0)
        self.assertAlmostEqual(outcome(curl=4000, null=4000).composed() / (1 << 20), 2000)

    def test_a_bar_is_met_or_not(self):
        fast = outcome(pailfs=1900, s3fs=700, curl=4000, null=4000)
        self.assertEqual([bar.met for bar in bars.bars(fast, [fast])], [True, True, True])
        slow = outcome(pailfs=1700, s3fs=700, curl=4000, null=4000)
        self.assertEqual([bar.met for bar in bars.bars(slow, [slow])], [False, False, True])
        self.assertIn("NOT MET", bars.bars(slow, [slow])[0].text())

    def test_other_mounters_and_failures_have_no_bars(self):
        self.assertEqual(bars.bars(outcome(s3fs=700, curl=1, null=1), []), [])
        failed = outcome(curl=1, null=1)
        failed.series = [results.Series("pailfs", [Sample(error="it ended")])]
        self.assertEqual(bars.bars(failed, [failed]), [])

    def test_scattered_readers_are_compared_with_one_sequential_reader(self):
        one, three = outcome(pailfs=1000), outcome("interleave", pailfs=800)
        self.assertAlmostEqual(bars.bars(three, [one, three])[0].value, 0.8)
        self.assertEqual(bars.bars(three, [three]), [])

    def test_what_is_compared_was_measured_in_the_same_round(self):
        ours = results.Series("x", [Sample(seconds=1, bytes=8), Sample(seconds=1, bytes=4), Sample(seconds=1, bytes=1)])
        theirs = results.Series("y", [Sample(seconds=1, bytes=4), Sample(seconds=1, bytes=2), Sample(error="bad")])
        self.assertEqual(results.ratio_by_round(ours, (theirs,), lambda rate: rate, results.rate_of), 2)
        self.assertEqual(results.ratio_by_round(ours, (results.Series("z"),), lambda rate: rate, results.rate_of), 0)

    def test_failed_runs_do_not_count_in_the_median(self):
        series = results.Series("x", [Sample(seconds=1), Sample(seconds=9, error="bad"), Sample(seconds=3), Sample(seconds=2)])
        self.assertEqual(series.seconds(), (2, 1, 3))
        self.assertEqual(series.error, "bad")


class Output(unittest.TestCase):
    def test_requests_are_short_and_the_most_frequent_first(self):
        counts = {"GetObject": 2, "ListObjectsV1": 1, "ListObjectsV2": 2, "HeadObject": 9}
        self.assertEqual(text.requests(counts), "9 HEAD 3 LIST 2 GET")

    def test_columns_line_up(self):
        lines = text.table([["a", "bb", "c"], ["aaa", "b", "cc"]])
        self.assertEqual(lines, ["a    bb  c", "aaa   b  cc"])

    def test_the_table_shows_every_mounter_limit_and_failure(self):
        made = outcome(pailfs=1000, curl=4000, null=4000)
        made.series.append(results.Series("s3fs", [Sample(error="it ended, status 1")]))
        shown = "\n".join(text.outcome_lines(made, bars.bars(made, [made])))
        for words in ("pailfs", "1000", "9 GET 1 HEAD", "it ended, status 1", "composed limit", "minimum", "128"):
            self.assertIn(words, shown)

    def test_the_picture_is_well_formed_and_within_its_frame(self):
        made = [outcome(pailfs=1000, s3fs=10), outcome("B7", 20, pailfs=1)]
        made[0].series.append(results.Series("rclone", [Sample(error="no")]))
        picture = xml.dom.minidom.parseString(plot.svg(made)).documentElement
        width = float(picture.getAttribute("width"))
        dots = [float(dot.getAttribute("cx")) for dot in picture.getElementsByTagName("circle")]
        self.assertEqual(len(dots), 3 + 2 * 3)
        self.assertTrue(all(0 < x < width for x in dots))

    def test_a_scale_is_of_whole_decades(self):
        scale = plot.Scale([0.02, 3], 100, 300)
        self.assertEqual((scale.at(0.01), scale.at(1), scale.at(10)), (100, 300, 400))
        self.assertEqual(len(scale.decades()), 4)

    def test_the_record_is_json_with_every_sample(self):
        made = outcome(pailfs=1000, curl=4000, null=4000)
        read = json.loads(record.text({"pailfs": "1"}, [(made, bars.bars(made, [made]))]))
        self.assertEqual(read["outcomes"][0]["mounters"][0]["samples"][0]["requests"]["GetObject"], 9)
        self.assertEqual(read["outcomes"][0]["bars"][0]["limit"], 0.9)


if __name__ == "__main__":
    unittest.main()
