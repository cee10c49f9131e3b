"""The figure of trajectories: what it shows, what it refuses, and that nothing overlaps."""

import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg

import balkhash_model as bm
from balkhash_model.plot import PALETTE, frame, save, trajectories, use_style
from balkhash_model.reference.levels import balkhash_levels


@pytest.fixture(scope="module")
def figure(hindcast_free):
    return trajectories(hindcast_free, balkhash_levels())


def texts(axes) -> str:
    return "\n".join(t.get_text() for t in axes.texts)


def legend(shown) -> list[str]:
    """Texts of the one legend of a figure or of an axes."""
    [found] = shown.legends if hasattr(shown, "legends") else [shown.get_legend()]
    return [t.get_text() for t in found.get_texts()]


def caption(figure) -> str:
    return " ".join(t.get_text() for t in figure.texts).replace("\n", " ")


def drawn(figure):
    """Draw, as savefig does; give what measures texts."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return canvas.get_renderer()


def line(axes, label):
    return next(x for x in axes.lines if x.get_label() == label)


def test_what_the_figure_shows(figure):
    upper, lower = figure.axes
    assert upper.get_ylabel() == "Water level (m, Baltic system)"
    assert lower.get_ylabel() == "Flow (m³/s)"
    assert lower.get_title(loc="left") == "Uzynaral Strait: West basin → East basin"
    assert lower.get_xlabel() == "Year"
    shown = " ".join(legend(figure))
    for word in ("West basin", "East basin", "whole lake", "altimetry", "dated levels"):
        assert word in shown
    assert "341.0 m" in texts(upper)
    assert "Kapshagay" in texts(upper)
    assert "1970–1985" in texts(upper)


def test_lines_are_the_numbers_of_the_result(figure, hindcast_free):
    upper, lower = figure.axes
    for label, values in [
        ("Simulated, whole lake", hindcast_free["lake_level"]),
        ("Simulated, West basin", hindcast_free["water_level"].sel(storage="west")),
        ("Simulated, East basin", hindcast_free["water_level"].sel(storage="east")),
    ]:
        np.testing.assert_array_equal(line(upper, label).get_ydata(), values.values)
    strait = hindcast_free["link_flow"].sel(link="uzynaral")
    assert strait.attrs["units"] == "m3 s-1"
    np.testing.assert_array_equal(lower.lines[0].get_ydata(), strait.values)


def test_anchors_have_error_bars(figure):
    dated = [c for c in figure.axes[0].containers if c.get_label() == "Observed, dated levels"]
    assert len(dated) == 1
    assert dated[0].has_yerr
    rows = balkhash_levels()
    assert len(dated[0].lines[0].get_ydata()) == (rows["series"] == "dated levels").sum()


def test_no_text_lies_on_another_or_on_the_legend(figure):
    renderer = drawn(figure)
    boxes = {"legend": figure.legends[0].get_window_extent(renderer)}
    for axes in figure.axes:
        for text in [*axes.texts, axes.xaxis.label, axes.yaxis.label, axes.title, axes._left_title]:
            if text.get_text():
                boxes[text.get_text()] = text.get_window_extent(renderer)
    for text in figure.texts:
        boxes[text.get_text()] = text.get_window_extent(renderer)
    assert len(boxes) >= 7
    for (a, box_a), (b, box_b) in itertools.combinations(boxes.items(), 2):
        assert not box_a.overlaps(box_b), f"{a!r} lies on {b!r}"
    whole = figure.bbox
    for name, box in boxes.items():
        assert whole.x0 <= box.x0, name
        assert box.x1 <= whole.x1, name


def test_no_level_lies_under_the_legend_or_the_name_of_the_period(figure):
    renderer = drawn(figure)
    upper = figure.axes[0]
    covers = [figure.legends[0].get_window_extent(renderer)]
    covers += [t.get_window_extent(renderer) for t in upper.texts if "Kapshagay" in t.get_text()]
    for shown in upper.lines:
        if len(shown.get_xdata()) > 2:
            points = upper.transData.transform(
                np.column_stack([mpl.dates.date2num(shown.get_xdata()), shown.get_ydata()])
            )
            for box in covers:
                assert box.count_contains(points[np.isfinite(points).all(axis=1)]) == 0


def test_without_observations_threshold_and_periods(hindcast_free):
    figure = trajectories(hindcast_free, threshold=None, periods=())
    upper, _ = figure.axes
    assert legend(figure) == [
        "Simulated, West basin",
        "Simulated, East basin",
        "Simulated, whole lake",
    ]
    assert texts(upper) == ""


def test_the_caption_names_what_is_drawn_and_nothing_else(hindcast_free):
    def caption(observed):
        return "\n".join(t.get_text() for t in trajectories(hindcast_free, observed).texts)

    levels = balkhash_levels()
    both = caption(levels)
    assert "dated levels by Wang 2022" in both
    assert "altimetry by G-REALM" in both
    dated = caption(levels[levels["series"] == "dated levels"])
    assert "dated levels by Wang 2022" in dated
    assert "G-REALM" not in dated
    later = levels.assign(time=levels["time"] + np.timedelta64(36500, "D"))
    assert "Observed" not in caption(later)


def test_a_lake_of_one_basin_leaves_no_room_for_a_flow(hindcast_free):
    alone = hindcast_free.isel(link=hindcast_free["link_to"].values != "east")
    shown = trajectories(alone)
    drawn(shown)
    (axes,) = shown.axes
    assert axes.get_xlabel()
    assert axes.get_position().height > 0.6


def test_another_threshold_is_drawn_where_it_is(hindcast_free):
    upper, _ = trajectories(hindcast_free, threshold=340.5).axes
    assert [340.5, 340.5] in [list(x.get_ydata()) for x in upper.lines]
    assert "340.5 m" in texts(upper)


def test_a_period_outside_the_run_is_not_shown(hindcast_free):
    upper, _ = trajectories(hindcast_free.isel(time=slice(0, 24), time_edge=slice(0, 25))).axes
    assert "Kapshagay" not in texts(upper)


def test_a_users_gauge_joins(hindcast_free):
    own = pd.DataFrame(
        {
            "series": ["Karagash"],
            "averaging": ["year"],
            "level": [341.5],
            "time": pd.to_datetime(["1980-07-01"]),
            "uncertainty": [np.nan],
            "flag": ["user"],
        }
    )
    figure = trajectories(hindcast_free, pd.concat([balkhash_levels(), own]))
    assert "Observed, Karagash" in legend(figure)
    assert "Zhang 2022" in caption(figure)
    # a record of the user's alone is none of the published ones
    alone = trajectories(hindcast_free, own)
    assert "Observed, Karagash" in legend(alone)
    assert "2022" not in caption(alone)
    assert "G-REALM" not in caption(alone)


def test_a_dotted_line_marks_the_start_of_the_reconstruction(figure, hindcast_free):
    day = "1993-01-01"
    offset = xr.DataArray(0.1, attrs={"from": day})
    upper, _ = trajectories(hindcast_free.assign(level_offset=offset)).axes
    [mark] = [x for x in upper.lines if x.get_linestyle() == ":" and len(x.get_xdata()) == 2]
    assert [np.datetime64(x, "D") for x in mark.get_xdata()] == 2 * [np.datetime64(day)]
    assert "reconstructed" in texts(upper)
    assert "reconstructed" not in texts(figure.axes[0])


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_a_figure_saved_twice_gives_the_same_file(hindcast_free, tmp_path, ending):
    for name in ("one", "two"):
        save(trajectories(hindcast_free), tmp_path / f"{name}.{ending}")
    one, two = ((tmp_path / f"{name}.{ending}").read_bytes() for name in ("one", "two"))
    assert one == two
    assert len(one) > 1000


def test_an_axes_of_the_caller_is_drawn_on(hindcast_free):
    figure, ax = plt.subplots()
    try:
        assert trajectories(hindcast_free, ax=ax) is figure
        assert len(figure.axes) == 1
        assert legend(ax)
    finally:
        plt.close(figure)


def test_nothing_stays_open_or_changed(hindcast_free):
    before, opened = dict(mpl.rcParams), plt.get_fignums()
    copy = hindcast_free.copy(deep=True)
    trajectories(hindcast_free, balkhash_levels())
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == opened
    assert copy.identical(hindcast_free)


def test_several_members_and_other_datasets_are_refused(problems, hindcast_free):
    [text] = problems(trajectories, hindcast_free.expand_dims(realization=2))
    assert text == (
        "result: holds several members; expected one member. Select one: result.isel(realization=0)"
    )
    assert problems(trajectories, hindcast_free.drop_vars("lake_level")) == [
        "result: holds no lake_level"
    ]


def test_basins_differ_by_line_as_well_as_by_colour(figure):
    dashes = {
        str(line(figure.axes[0], f"Simulated, {name}")._dash_pattern)
        for name in ("West basin", "East basin", "whole lake")
    }
    assert len(dashes) == 3
    assert len(set(PALETTE.values())) == len(PALETTE)


def test_the_style_holds_inside_its_block_only():
    with use_style():
        assert mpl.rcParams["svg.hashsalt"] == "balkhash_model"
    assert mpl.rcParams["svg.hashsalt"] != "balkhash_model"


def test_the_public_name():
    assert bm.plot.trajectories is trajectories


def test_a_frame_keeps_title_and_sources_clear_of_the_axes():
    with use_style():
        figure, axes = plt.subplots(figsize=(7.0, 4.0))
        line = axes.plot([2000.0, 2001.0], [341.0, 342.0])
        axes.set_ylabel("Level (m, Baltic system)")
        axes.set_xlabel("Year")
        axes.set_title("a  Level")
        frame(figure, "The lake", "Source: one\nSource: two", legend=(line, ["gauge"]))
    FigureCanvasAgg(figure).draw()
    renderer = figure.canvas.get_renderer()
    panel = axes.get_tightbbox(renderer)
    caption = figure.texts[-1].get_window_extent(renderer)
    title = figure._suptitle.get_window_extent(renderer)
    assert caption.y0 >= 0.0
    assert caption.y1 < panel.y0
    legend = figure.legends[0].get_window_extent(renderer)
    assert panel.y1 < legend.y0 < legend.y1 < title.y0
    assert title.y1 <= figure.bbox.y1
    assert not plt.fignum_exists(figure.number)
