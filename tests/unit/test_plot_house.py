"""The house style: every figure can be read in three languages and sizes, and shows the data."""

import importlib.util
import itertools
import re
import string
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import balkhash_model as bm
from balkhash_model import plot, quantities, reference
from balkhash_model.plot import words
from balkhash_model.plot.style import SIZES, series_style
from balkhash_model.reference.salinity import balkhash_salinities

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = quantities.LANGUAGES
YEAR = 365.2425 * 86400.0
# a unit, a share in a hundred, a date, a year or a ratio
UNIT = re.compile(r"m[³²]?|м[³²]?|км|km|%|g/l|г/л|yr|год|жыл", re.IGNORECASE)
UNITLESS = {
    word
    for key in ("year", "date", "winter", "collapse.age", "collapse.salinity")
    for word in words.table()[key].values()
} | {
    word
    for key in ("share_of_variance", "rank_correlation_long")
    for word in words.table()[key].values()
}


def _gallery():
    spec = importlib.util.spec_from_file_location("gallery", ROOT / "tests" / "gallery.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


GALLERY = _gallery()
# the drawings are only named here; nothing is run
NAMES = list(GALLERY.drawings(dict.fromkeys(("free", "two", "one"))))


@pytest.fixture(scope="module")
def material():
    return GALLERY.material()


@pytest.fixture(scope="module")
def drawings(material):
    return GALLERY.drawings(material)


def flat(text: str) -> str:
    return text.replace("\n", " ")


def every_text(figure) -> str:
    return "\n".join(t.get_text() for t in figure.findobj(mpl.text.Text))


# ---------------------------------------------------------------- every figure


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_figure_can_be_read_in_every_language_and_size(drawings, name):
    before, opened = dict(mpl.rcParams), plt.get_fignums()
    faults = []
    for size, (width, _, points, dots) in SIZES.items():
        for lang in LANGUAGES:
            figure = drawings[name](lang=lang, size=size)
            assert isinstance(figure, Figure)
            assert (figure.get_figwidth(), figure.dpi) == (width, dots)
            found = plot.text_faults(figure)
            found += [f"no unit: {x}" for x in without_unit(figure)]
            found += [f"no datum: {x}" for x in without_datum(figure, lang)]
            found += [f"English: {x}" for x in english_words(figure, lang)]
            faults += [f"{size} {lang}: {fault}" for fault in found]
            shown = [t for t in figure.findobj(mpl.text.Text) if t.get_text().strip()]
            assert min(t.get_fontsize() for t in shown) >= 0.74 * points
    assert faults == []
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == opened


def axis_labels(figure) -> list[str]:
    found = [flat(x) for ax in figure.axes for x in (ax.get_xlabel(), ax.get_ylabel())]
    return [x for x in found if x]


def without_unit(figure) -> list[str]:
    """Labels of axes after whose first comma or parenthesis no unit stands."""
    return [
        label
        for label in axis_labels(figure)
        if label not in UNITLESS and not UNIT.search(re.split(r"[(,]", f"{label},", maxsplit=1)[1])
    ]


def without_datum(figure, lang: str) -> list[str]:
    names = [
        quantities.label(q, lang, unit="")
        for q in ("water_level", "lake_level", "equilibrium_level")
    ]
    starts = tuple(f"{x}{end}" for x in [*names, words.word("annual_level", lang)] for end in " ,")
    starts = tuple(x.rstrip(" ") + " (" if x.endswith(" ") else x for x in starts)
    datum = words.datum_text("Baltic system (BS)", lang)
    return [x for x in axis_labels(figure) if x.startswith(starts) and datum not in x]


def english_words(figure, lang: str) -> set[str]:
    """Texts of the house that a figure in another language shows in English."""
    if lang == "en":
        return set()
    shown = {flat(t.get_text()) for t in figure.findobj(mpl.text.Text)}
    own = {row[lang] for row in words.table().values()}
    return (shown & {row["en"] for row in words.table().values() if len(row["en"]) > 3}) - own


def test_the_checks_of_labels_find_what_is_missing():
    figure = Figure()
    axes = figure.subplots()
    axes.set(xlabel="Time", ylabel="Water level (m)", title="Evaporation")
    assert without_unit(figure) == ["Time"]
    assert without_datum(figure, "en") == ["Water level (m)"]
    assert english_words(figure, "ru") == {"Evaporation"}


# ---------------------------------------------------------------- words


def test_the_words_have_three_languages_and_the_same_gaps():
    for key, row in words.table().items():
        assert set(row) == set(LANGUAGES), key
        assert all(row.values()), key
        gaps = [{f for _, f, _, _ in string.Formatter().parse(t) if f} for t in row.values()]
        assert gaps[0] == gaps[1] == gaps[2], key
        assert not re.search("[а-яё]", row["en"], re.IGNORECASE), key


def test_every_word_is_used_and_every_used_word_is_there():
    files = (ROOT / "balkhash_model" / "plot").glob("*.py")
    code = "\n".join(p.read_text(encoding="utf-8") for p in files)
    asked = set(re.findall(r'word\(\s*"([a-z_.]*[a-z_])"[,)]', code))
    assert asked <= set(words.table())
    prefixes = ("name.", "term.", "month.", "datum.", "diagram.", "collapse.")
    for key in words.table():
        assert key.startswith(prefixes) or f'"{key}"' in code, key


@pytest.mark.parametrize("system", ["balkhash", "aral", "north_aral"])
def test_every_name_of_a_shipped_system_is_spoken_in_three_languages(system):
    record = bm.load_system(system)
    names = [*record.storage_names(), *record.link_names(), *record.users(), record.name]
    names += [r.name for r in record.rivers] + [j.name for j in record.junctions]
    for name in names:
        assert f"name.{name}" in words.table()


def test_numbers_have_the_decimal_sign_of_their_language(drawings):
    figure = drawings["comparison"](lang="ru")
    figure.draw_without_rendering()
    shown = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert any("," in t for t in shown)
    assert not any("." in t for t in shown)


def test_other_languages_and_sizes_are_refused(problems, hindcast_free):
    assert "not known" in problems(plot.trajectories, hindcast_free, lang="de")[0]
    assert "not known" in problems(plot.trajectories, hindcast_free, size="poster")[0]


# ---------------------------------------------------------------- style


def test_the_first_five_runs_differ_in_colour_and_in_dashes():
    looks = [series_style(i) for i in range(25)]
    assert len({c for c, _ in looks[:5]}) == len({str(d) for _, d in looks[:5]}) == 5
    assert len({(c, str(d)) for c, d in looks}) == 25


def test_sizes_scale_type_and_lines():
    for size, (width, height, points, dots) in SIZES.items():
        with plot.use_style(size):
            assert tuple(mpl.rcParams["figure.figsize"]) == (width, height)
            assert mpl.rcParams["font.size"] == points
            assert mpl.rcParams["savefig.dpi"] == dots
            assert mpl.rcParams["lines.linewidth"] == pytest.approx(0.16 * points, abs=1e-3)


def test_type_keeps_its_size_when_drawn_outside_the_style(hindcast_free):
    figure = plot.trajectories(hindcast_free, size="slide")
    figure.draw_without_rendering()
    assert {t.get_fontsize() for t in figure.axes[0].get_yticklabels()} == {14.4}


def test_what_lies_on_another_or_leaves_is_told():
    figure = Figure(figsize=(4, 3))
    axes = figure.subplots()
    axes.set_xticks([0.5], ["a label"])
    figure.text(0.5, 0.06, "upon it", ha="center")
    figure.text(0.98, 0.5, "out of the figure")
    faults = plot.text_faults(figure)
    assert any("'a label' lies on 'upon it'" in f or "'upon it' lies on" in f for f in faults)
    assert "'out of the figure' leaves the figure" in faults
    assert plot.text_faults(Figure()) == []


def test_hidden_texts_do_not_count():
    figure = Figure()
    axes = figure.subplots()
    axes.set_axis_off()
    figure.text(0.2, 0.08, "where ticks would be")
    one = figure.text(0.5, 0.5, "one")
    figure.text(0.5, 0.5, "two")
    one.set_visible(False)
    assert plot.text_faults(figure) == []


# ---------------------------------------------------------------- what is drawn


def test_budget_bars_stack_to_the_table(material):
    table = material["budget"]
    figure = plot.budget_bars(table)
    bars = [b for b in figure.axes[0].patches if b.get_width() == pytest.approx(0.56)]
    heights = {round(b.get_height(), 9) for b in bars}
    for term in ("inflow", "precipitation", "evaporation"):
        assert {round(v, 9) for v in table[term]} <= heights
    assert sum(b.get_height() for b in bars) == pytest.approx(
        table["change of storage"].sum(), abs=0.02
    )
    [diamonds] = [x for x in figure.axes[0].lines if x.get_marker() == "D"]
    np.testing.assert_array_equal(diamonds.get_ydata(), table["change of storage"])


def test_a_waterfall_ends_where_the_change_is(material):
    row = material["budget"].loc["1970-1985"]
    bars = plot.budget_waterfall(material["budget"], "1970-1985").axes[0].patches
    *steps, last = bars
    assert last.get_height() == row["change of storage"]
    assert sum(b.get_height() for b in steps) == pytest.approx(last.get_height(), abs=0.02)
    for one, two in itertools.pairwise(steps):
        assert two.get_y() == pytest.approx(one.get_y() + one.get_height())


def test_tables_that_are_no_budget_are_refused(problems, material):
    assert "no term of a budget" in problems(plot.budget_bars, pd.DataFrame({"a": [1.0]}))[0]
    assert "has no row" in problems(plot.budget_bars, material["budget"].iloc[:0])[0]
    [text] = problems(plot.budget_waterfall, material["budget"], "1970-1986")
    assert "is no row of the table" in text
    assert "Nearest: 1970-1985" in text


def test_hypsometry_draws_the_curves_and_their_sum(balkhash):
    figure = plot.hypsometry(balkhash)
    whole, west, east = figure.axes[0].lines
    curve = balkhash.storage("west").curve
    np.testing.assert_allclose(west.get_xdata(), curve.area_at(west.get_ydata()) / 1e6)
    at = np.array([338.0, 341.0, 343.0])
    summed = np.interp(at, whole.get_ydata(), whole.get_xdata())
    both = sum(balkhash.storage(n).curve.area_at(at) for n in ("west", "east")) / 1e6
    np.testing.assert_allclose(summed, both, rtol=2e-3)
    volume = figure.axes[1].lines[2]
    expected = balkhash.storage("east").curve.volume_at(volume.get_ydata()) / 1e9
    np.testing.assert_allclose(volume.get_xdata(), expected)
    assert east.get_label() == "East basin"


def test_hypsometry_sets_published_pairs_beside(balkhash):
    table = reference.load("balkhash_hypsometry_statements").to_dataframe().reset_index()
    figure = plot.hypsometry(balkhash, table)
    drawn = [
        (x, y)
        for line in figure.axes[0].lines
        if line.get_marker() == "o"
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]
    rows = table[table["level_m"].notna() & table["area_km2"].notna()]
    assert sorted(drawn) == sorted(zip(rows["area_km2"], rows["level_m"], strict=True))
    assert "Yang Chuande 1993" in every_text(figure)


def test_hypsometry_takes_plain_arrays_and_names_what_is_missing(problems, balkhash):
    curves = {"pond": ([1.0, 2.0], [0.0, 2e6], [0.0, 1e6])}
    axes = plot.hypsometry(curves, datum="EGM2008").axes[0]
    np.testing.assert_array_equal(axes.lines[0].get_xdata(), [0.0, 2.0])
    assert axes.get_ylabel() == "Water level (m, EGM2008)"
    assert "Nearest: west" in problems(plot.hypsometry, balkhash, storages=["wst"])[0]


@pytest.mark.parametrize("system", ["balkhash", "aral", "north_aral"])
def test_a_diagram_names_every_part_once(system):
    record = bm.load_system(system)
    axes = plot.system_diagram(record).axes[0]
    shown = [flat(t.get_text()) for t in axes.texts if t.get_text()]
    parts = [*record.storage_names(), *record.users(), *(r.name for r in record.rivers)]
    parts += [*record.link_names(), *(j.name for j in record.junctions)]
    expected = [words.spoken(p) for p in parts]
    expected += [f"Groundwater {100 * s:.0f}\u00a0%" for _, s in record.groundwater.shares]
    assert sorted(shown) == sorted(expected)
    arrows = [t for t in axes.texts if t.get_text() == "" and t.arrow_patch is not None]
    lines = len(record.link_names()) + len(record.rivers) + len(record.users())
    assert len(arrows) == lines + len(record.groundwater.shares)


def test_equilibrium_draws_the_dataset_and_marks_the_threshold(problems, material):
    rest = material["rest"]
    upper, lower = plot.equilibrium(rest).axes
    inflow = rest["inflow"].values * YEAR / 1e9
    np.testing.assert_allclose(upper.lines[0].get_xdata(), inflow)
    np.testing.assert_array_equal(upper.lines[0].get_ydata(), rest["lake_level"])
    np.testing.assert_allclose(lower.lines[0].get_ydata(), rest["response_time"] / YEAR)
    assert "341.0 m: 13.4 km³/yr" in every_text(upper)
    assert lower.get_xlabel() == "River inflow to the lake (km³/yr)"
    assert "is no row of inflows" in problems(plot.equilibrium, rest.isel(inflow=0))[0]


def test_a_threshold_of_another_lake_does_not_stretch_the_axis(material):
    rest = material["rest"]
    low = rest.assign(lake_level=rest["lake_level"] - 290.0)
    upper = plot.equilibrium(low).axes[0]
    assert upper.get_ylim()[1] < 100.0
    assert "341.0" not in every_text(upper)


def test_a_collapse_names_its_sources_and_how_the_strip_is_read(material):
    figure = flat(every_text(plot.collapse({"one": material["free"]})))
    assert "Nachtnebel and van der Veen" in figure
    assert "balkhash_model" in figure
    assert "in the order of the legend" in figure
    # a run of the Aral Sea is not the record of it
    run = bm.diagnostics.course(material["aral"])
    assert run.name.startswith("aral")
    assert "Nachtnebel" not in every_text(plot.collapse({"one": material["free"]}, baseline=run))


def test_salinity_draws_the_basins_and_the_published_values(problems, hindcast_free):
    table = balkhash_salinities()
    axes = plot.salinity(hindcast_free, table).axes[0]
    for name in ("west", "east"):
        [line] = [x for x in axes.lines if x.get_label() == f"Simulated, {words.spoken(name)}"]
        np.testing.assert_array_equal(
            line.get_ydata(), hindcast_free["salinity"].sel(storage=name).values
        )
    assert [0.74, 0.74] in [list(x.get_ydata()) for x in axes.lines]
    assert axes.get_ylabel() == "Salinity (g/l)"
    assert "holds no salinity" in problems(plot.salinity, hindcast_free.drop_vars("salinity"))[0]
    assert "no such basin" in problems(plot.salinity, hindcast_free, storages=["kapshagay"])[0]


def test_a_run_that_starts_without_salt_is_told_from_the_salinity_of_a_lake(hindcast_free):
    result = bm.run("north_aral_published")
    assert "without salt in north" in result["salinity"].attrs["comment"]
    figure = plot.salinity(result)
    assert "starts with water without salt in North" in flat(every_text(figure))
    [line] = figure.axes[0].lines
    assert "salt since the start alone" in line.get_label()
    assert "comment" not in hindcast_free["salinity"].attrs
    assert "without salt" not in every_text(plot.salinity(hindcast_free))


def test_tables_of_a_run_name_it_in_the_caption(material, hindcast_free):
    dates = bm.diagnostics.ice_dates(hindcast_free)
    for draw, table in (
        (plot.budget_bars, material["budget"]),
        (plot.budget_waterfall, material["budget"]),
        (plot.ice_calendar, dates),
    ):
        text = flat(every_text(draw(table)))
        assert "Model: balkhash_model" in text
        assert "scenario hindcast_free" in text
        assert "hindcast_free" not in flat(every_text(draw(table, source="Gauge of Ayaguz.")))
        bare = table.copy()
        bare.attrs = {}
        assert "Model:" not in flat(every_text(draw(bare)))


@pytest.mark.parametrize(
    ("name", "absent", "there"),
    [
        ("balkhash", set(), {"Reservoir", "Delta"}),
        ("aral", {"Reservoir"}, {"Lake basin"}),
        ("north_aral", {"Reservoir", "Delta", "Place without volume"}, {"Link"}),
    ],
)
def test_the_legend_of_a_diagram_holds_what_the_system_has(name, absent, there):
    system = bm.load_system(name)
    figure = plot.system_diagram(system)
    [legend] = figure.legends
    shown = {t.get_text() for t in legend.get_texts()}
    assert there <= shown
    assert not absent & shown
    told = "percentage at groundwater" in flat(every_text(figure))
    assert told is bool(system.groundwater.shares)


def test_published_salinities_have_their_years():
    table = balkhash_salinities()
    rows = reference.load("balkhash_salinity").to_dataframe()
    assert len(table) == (rows["item"] == "salinity").sum()
    early = table[table["period"] == "before 1960"].iloc[0]
    assert np.isnan(early["start"])
    assert early["end"] == 1960.0
    assert table[table["period"] == "not stated"]["end"].isna().all()


def test_a_reservoir_shows_levels_volumes_and_yearly_flows(problems, hindcast_free):
    level, volume, flow = plot.reservoir(hindcast_free, marks={"normal level": 485.0}).axes
    part = hindcast_free.sel(storage="kapshagay")
    np.testing.assert_array_equal(level.lines[0].get_ydata(), part["water_level"])
    np.testing.assert_allclose(volume.lines[0].get_ydata(), part["water_volume"] / 1e9)
    years = hindcast_free["time"].dt.year.values
    seconds = np.diff(hindcast_free["time_edge"].values.astype("datetime64[s]")).astype(float)
    release = hindcast_free["link_flow"].sel(link="kapshagay_release").values
    given = [(release * seconds)[years == y].sum() / 1e9 for y in np.unique(years)]
    length = np.array([seconds[years == y].sum() / YEAR for y in np.unique(years)])
    np.testing.assert_allclose(flow.lines[1].get_ydata(), given / length, rtol=1e-9)
    assert "normal level: 485.0 m" in every_text(level)
    assert "Nearest: kapshagay" in problems(plot.reservoir, hindcast_free, "kapshaga")[0]


def test_an_ice_calendar_shows_the_dates(problems, hindcast_free):
    dates = bm.diagnostics.ice_dates(hindcast_free)
    axes = plot.ice_calendar(dates, ["west"]).axes[0]
    rows = dates[(dates["storage"] == "west")].dropna()
    assert len(axes.patches) == len(rows)
    bar, row = axes.patches[3], rows.iloc[3]
    start = np.datetime64(f"{row['winter'] - 1}-10-01")
    assert bar.get_y() == (np.datetime64(row["freeze_up"], "D") - start).astype(int)
    length = np.datetime64(row["break_up"], "D") - np.datetime64(row["freeze_up"], "D")
    assert bar.get_height() == length.astype(int)
    assert bar.get_x() + bar.get_width() / 2 == pytest.approx(row["winter"])
    assert "1 January" in [t.get_text() for t in axes.get_yticklabels()]
    assert "has no dates" in problems(plot.ice_calendar, dates, ["wet"])[0]
    assert "has no winter" in problems(plot.ice_calendar, dates.iloc[:0])[0]


def test_a_difference_is_one_result_less_the_other(problems, material):
    one, other = material["without"], material["free"]
    upper, lower = plot.scenario_difference(one, other).axes
    np.testing.assert_allclose(
        upper.lines[0].get_ydata(), one["lake_level"].values - other["lake_level"].values
    )
    years = [(y, y) for y in range(1961, 2015)]
    change = bm.diagnostics.budget_table(one, years) - bm.diagnostics.budget_table(other, years)
    np.testing.assert_allclose(lower.lines[0].get_ydata(), change["change of storage"])
    bars = sum(b.get_height() for b in lower.patches)
    assert bars == pytest.approx(change["change of storage"].sum(), abs=0.05)
    short = other.isel(time=slice(0, 12), time_edge=slice(0, 13))
    assert "have other intervals" in problems(plot.scenario_difference, one, short)[0]
    members = other.expand_dims(realization=2)
    found = problems(plot.scenario_difference, members, other.drop_vars("lake_level"))
    assert len(found) == 2


def test_a_fan_of_a_result_and_of_levels_is_one_function(material):
    one = material["one"]
    axes = plot.fan(one).axes[0]
    [median] = [x for x in axes.lines if x.get_label() == "Median"]
    np.testing.assert_array_equal(
        median.get_ydata(), one["lake_level_quantile"].sel(quantile=0.5).values
    )
    labels = [c.get_label() for c in axes.collections]
    assert labels == ["All members", "5th to 95th percentile", "25th to 75th percentile"]
    assert axes.get_ylabel() == "Lake level (m, Baltic system)"
    same = plot.ensemble_fan(one).axes[0]
    assert [x.get_label() for x in same.lines] == [x.get_label() for x in axes.lines]


def test_helpers_of_one_panel_draw_on_the_callers_axes(problems, material, hindcast_free, balkhash):
    m = material
    dates = bm.diagnostics.ice_dates(hindcast_free)
    calls = [
        lambda ax: plot.trajectories(hindcast_free, ax=ax),
        lambda ax: plot.fan(m["one"], ax=ax),
        lambda ax: plot.exceedance(m["one"], ax=ax),
        lambda ax: plot.first_crossing(m["one"], ax=ax),
        lambda ax: plot.spaghetti(GALLERY.single_members(m["one"]), m["one"], ax=ax),
        lambda ax: plot.sensitivity_bars(GALLERY.factors()[0], ax=ax),
        lambda ax: plot.budget_bars(m["budget"], ax=ax),
        lambda ax: plot.budget_waterfall(m["budget"], ax=ax),
        lambda ax: plot.system_diagram(balkhash, ax=ax),
        lambda ax: plot.salinity(hindcast_free, ax=ax),
        lambda ax: plot.ice_calendar(dates, ["west"], ax=ax),
    ]
    for call in calls:
        figure = Figure()
        axes = figure.subplots()
        assert call(axes) is figure
        assert figure.axes == [axes]
        assert axes.has_data() or axes.texts
    for call in (plot.fan, plot.first_crossing):
        assert "takes one panel" in problems(call, m["two"], ax=Figure().subplots())[0]


def test_the_captions_name_model_scenario_and_sources(drawings):
    text = every_text(drawings["trajectories"]())
    for part in ("balkhash_model 0.1.0, scenario hindcast_free", "Wang 2022", "G-REALM"):
        assert part in text
    assert "General scheme" in every_text(drawings["salinity"]())
