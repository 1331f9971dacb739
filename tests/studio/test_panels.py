"""The panels beside the picture: each sets its keys, and shows what the scene has."""

import tomllib

import pytest
from PIL import Image
from studio_page import StudioPage
from studio_server import running, write_scene

from selfiesim.scene.scene import Scene, schema
from selfiesim.scene.shipped import scenes


def keys(studio_page):
    return tomllib.loads(studio_page.text)


def field(path):
    return f"[data-path='{path}']"


def choose_orbiter(studio_page):
    """Open the panel of the craft, and choose a model with joints and materials in place of the scene's boxes."""
    studio_page.tab("craft")
    studio_page.page.wait_for_selector("text=This model has no joints.")  # not those of the test before
    studio_page.change(lambda: studio_page.page.select_option("#craft-model", "tianwen1-orbiter"))
    studio_page.page.wait_for_selector("input[data-joint=hga]")


def test_every_scene_has_a_picture_and_one_click_opens_it(open_context, tmp_path):
    # In a studio of its own: the files of a scene that is opened are in another folder from then on.
    write_scene(tmp_path)
    context = open_context(viewport={"width": 1280, "height": 720}, bypass_csp=True)
    with running(tmp_path) as (address, token, _process):
        page = context.new_page()
        page.goto(f"{address}#{token}")
        studio_page = StudioPage(page)
        studio_page.begin()
        studio_page.tab("shot")
        page.locator(".shot img").last.scroll_into_view_if_needed()
        page.wait_for_function("() => [...document.querySelectorAll('.shot img')].every(each => each.complete)")
        widths = page.locator(".shot img").evaluate_all("all => all.map(each => each.naturalWidth)")
        assert widths == [256] * len(scenes())
        studio_page.change(lambda: page.click("[data-scene=tianwen1-closeup]"))
        assert page.locator(".shot[aria-current]").get_attribute("data-scene") == "tianwen1-closeup"
        assert keys(studio_page)["at"] == "release+29s"
        context.close()


def test_objects_are_added_set_sorted_and_removed(studio_page):
    page = studio_page.page
    studio_page.tab("craft")
    for _ in range(2):
        studio_page.change(lambda: page.click("text=Add object"))
    assert [each["name"] for each in keys(studio_page)["objects"]] == ["object-1", "object-2"]
    card = page.locator(f"details{field('objects[1]')}")
    card.locator("> summary").click()
    name = card.locator(f"{field('objects[1].name')} input")
    studio_page.change(lambda: (name.fill("ryugu"), name.press("Enter")))
    offset = card.locator(f"{field('objects[1].offset_m')} input").first
    studio_page.change(lambda: (offset.fill("-40"), offset.press("Enter")))
    assert keys(studio_page)["objects"][1]["offset_m"][0] == -40
    studio_page.change(lambda: card.locator("text=Move up").click())
    assert [each["name"] for each in keys(studio_page)["objects"]] == ["ryugu", "object-1"]
    studio_page.change(lambda: page.locator(f"details{field('objects[0]')} >> text=Remove").first.click())
    assert [each["name"] for each in keys(studio_page)["objects"]] == ["object-1"]


def test_every_key_of_an_object_has_a_field(studio_page):
    page = studio_page.page
    studio_page.tab("craft")
    studio_page.change(lambda: page.click("text=Add object"))
    shown = set(page.locator("[data-path^='objects[0]']").evaluate_all("all => all.map(each => each.dataset.path)"))
    properties = schema()["$defs"]["ObjectSection"]["properties"]
    assert {f"objects[0].{key}" for key in properties} <= shown


def test_number_and_slider_follow_each_other_and_undo(studio_page):
    page = studio_page.page
    studio_page.tab("camera")
    number, slider = (page.locator(f"[data-path='camera.roll_deg'] input[type={kind}]") for kind in ("number", "range"))
    start = slider.input_value()
    number.fill("90")
    studio_page.change(lambda: number.press("Enter"))
    assert float(slider.input_value()) == pytest.approx((90 + 360) / 720, abs=1e-3)
    slider.fill("0.5")
    page.wait_for_function("() => document.getElementById('toml').value.includes('roll_deg = 0')")
    assert float(number.input_value()) == 0.0
    page.wait_for_timeout(1100)  # after which the slider is no longer moved by hand
    studio_page.change(lambda: slider.press("Control+z"))
    assert number.input_value() == "90"
    studio_page.change(lambda: slider.press("Control+z"))
    assert slider.input_value() == start


def test_a_joint_follows_its_slider_within_its_limits_and_goes_back_to_tracking(studio_page):
    page = studio_page.page
    choose_orbiter(studio_page)
    slider = page.locator("input[data-joint=hga][data-axis='1']")
    assert (slider.get_attribute("min"), slider.get_attribute("max")) == ("-40", "40")
    tracked = float(slider.input_value())
    studio_page.change(lambda: slider.fill("-25"))
    assert keys(studio_page)["craft"]["joints_deg"]["hga"] == [pytest.approx(0, abs=0.1), -25]
    studio_page.change(lambda: page.click("text=Track the Earth"))
    assert "joints_deg" not in keys(studio_page)["craft"] or not keys(studio_page)["craft"]["joints_deg"]
    page.wait_for_function(
        "was => Math.abs(document.querySelector('[data-joint=hga][data-axis=\"1\"]').value - was) < 1", arg=tracked
    )


def test_a_decal_is_chosen_from_the_pictures_next_to_the_scene(studio_page, shared_studio):
    page = studio_page.page
    for name in ("flag.png", "emblem.JPG", "notes.txt"):
        Image.new("RGB", (8, 4), (200, 30, 30)).save(shared_studio[0] / name, "PNG")
    studio_page.tab("craft")
    page.wait_for_function("() => document.querySelectorAll('#pictures option').length === 2")
    page.click("#panel-craft summary:has-text('All other settings')")
    studio_page.change(lambda: page.click(f"{field('craft.decals')} >> text=Add decal"))
    assert keys(studio_page)["craft"]["decals"] == [{"mount": "flag", "image": "emblem.JPG", "width_m": 0.5}]
    card = page.locator(f"details{field('craft.decals[0]')}")
    card.locator("> summary").click()
    image = card.locator(f"{field('craft.decals[0].image')} input")
    assert image.get_attribute("list") == "pictures"
    studio_page.change(lambda: (image.fill("flag.png"), image.press("Enter")))
    assert keys(studio_page)["craft"]["decals"][0]["image"] == "flag.png"
    page.click("#panel-craft summary:has-text('All other settings')")


def test_a_material_takes_a_finish_from_the_library(studio_page):
    page = studio_page.page
    choose_orbiter(studio_page)
    page.click("#panel-craft summary:has-text('Materials')")
    studio_page.change(lambda: page.select_option("#material-gold_foil", "silver-foil"))
    assert keys(studio_page)["craft"]["materials"] == {"gold_foil": "silver-foil"}
    page.click("#panel-craft summary:has-text('Materials')")


def test_another_model_leaves_joints_and_push_of_the_last_one_behind(studio_page):
    page = studio_page.page
    choose_orbiter(studio_page)
    studio_page.change(lambda: page.fill("input[data-joint=wing_plus_y]", "30"))
    studio_page.change(lambda: page.select_option("#craft-model", "tianwen1-camera"))
    assert keys(studio_page)["craft"] == {"model": "tianwen1-camera"}
    release = keys(studio_page)["release"]
    assert release["mount"] == "outer_lens"
    assert "axis" not in release
    page.wait_for_selector("text=This model has no joints.")


def test_a_preset_takes_the_place_of_the_keys_that_it_sets(studio_page):
    page = studio_page.page
    studio_page.tab("camera")
    studio_page.change(lambda: page.select_option("#preset", "tianwen1-boom"))
    camera = keys(studio_page)["camera"]
    assert camera["preset"] == "tianwen1-boom"
    assert not {"size_px", "horizontal_fov_deg"} & set(camera)
    assert page.inner_text(".faults") == ""


def test_a_key_with_a_default_goes_back_to_it(studio_page):
    page = studio_page.page
    studio_page.tab("camera")
    reset = page.locator(f"{field('camera.roll_deg')} .reset")
    studio_page.change(lambda: reset.click())
    assert "roll_deg" not in keys(studio_page)["camera"]
    assert page.input_value(f"{field('camera.roll_deg')} input[type=number]") == "0"
    assert not reset.is_visible()


def test_a_key_that_is_a_word_or_a_number_changes_between_them(studio_page):
    page = studio_page.page
    studio_page.tab("planet")
    dust = page.locator(field("planet.dust_opacity")).first
    studio_page.change(lambda: dust.locator("select").select_option("seasonal"))
    assert keys(studio_page)["planet"]["dust_opacity"] == "seasonal"
    dust.locator("select").select_option("number")
    studio_page.change(lambda: (dust.locator("input[type=number]").fill("0.8"), page.keyboard.press("Enter")))
    assert keys(studio_page)["planet"]["dust_opacity"] == 0.8
    assert "Assumed: Not measured" in dust.inner_text()


def test_the_date_is_set_and_its_season_said(studio_page):
    page = studio_page.page
    studio_page.tab("planet")
    assert "Ls 150.4°: northern summer, southern winter" in page.inner_text("#season")
    studio_page.change(lambda: (page.fill("#date", "2022-07-01T12:00:00"), page.keyboard.press("Tab")))
    assert keys(studio_page)["orbit"]["epoch_utc"] == "2022-07-01T12:00:00Z"
    # The Planetary Society's Mars calendar: northern autumn of Mars year 36 from 24 February to 21 July 2022.
    page.wait_for_function("() => document.getElementById('season').textContent.includes('northern autumn')")


def test_the_facts_are_those_of_the_view(studio_page, shared_studio):
    page = studio_page.page
    studio_page.finish()
    studio_page.tab("facts")
    facts = Scene.load(shared_studio[0] / "shot.toml").view().facts
    for key in ("range_to_craft_m", "camera_altitude_km", "solar_longitude_deg", "phase_angle_deg"):
        shown = page.inner_text(f"[data-fact={key}] td")
        assert float(shown.split()[0].rstrip("°")) == pytest.approx(facts[key], abs=6e-4)
    assert page.inner_text("[data-fact=range_to_craft_m] td").endswith(" m")


def test_clipped_pixels_and_no_others_are_marked(studio_page):
    page = studio_page.page
    studio_page.tab("light")
    stops = page.locator(f"{field('photo.stops')} input[type=number]")
    studio_page.change(lambda: (stops.fill("4"), stops.press("Enter")))
    studio_page.finish()
    page.check("#show-clipped")
    marked, wrong = page.evaluate(
        """() => {
            const pixels = (id) => {
                const canvas = document.getElementById(id);
                return canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            };
            const picture = pixels("canvas"), stripes = pixels("clipped");
            let marked = 0, wrong = 0;
            for (let k = 0; k < picture.length; k += 4) {
                const isClipped = Math.max(picture[k], picture[k + 1], picture[k + 2]) === 255;
                if (isClipped !== (stripes[k + 3] === 255)) wrong++;
                marked += isClipped;
            }
            return [marked, wrong];
        }"""
    )
    assert marked > 5
    assert wrong == 0
    total = 160 * 90
    share = page.inner_text("#light-note").removesuffix(" % clipped").split()[-1]
    assert float(share) == pytest.approx(100 * marked / total, abs=0.51)
    page.uncheck("#show-clipped")
    assert not page.is_visible("#clipped")


def test_the_histogram_counts_every_pixel(studio_page):
    studio_page.finish()
    studio_page.tab("light")
    page = studio_page.page
    heights = page.evaluate(
        """() => {
            const canvas = document.getElementById("histogram");
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return Array.from({ length: 64 }, (_, bin) => Array.from({ length: canvas.height }, (_, row) => (
                data[4 * (row * canvas.width + 5 * bin + 2) + 3] > 0)).filter(Boolean).length);
        }"""
    )
    assert sum(height > 0 for height in heights) > 50
    assert "metered: matrix" in page.inner_text("#light-note")


@pytest.mark.parametrize("key", ["limb", "terminator", "names", "parts", "sun", "thirds", "safe"])
def test_each_overlay_draws_something_and_goes_again(studio_page, key):
    page = studio_page.page
    box = f"[data-overlay={key}]"
    page.evaluate(f"document.querySelector('{box}').click()")
    assert page.locator("#overlay > *").count() > 0
    page.evaluate(f"document.querySelector('{box}').click()")
    assert page.locator("#overlay > *").count() == 0


def test_tabs_are_reached_by_arrow_keys(studio_page):
    page = studio_page.page
    studio_page.tab("shot")
    page.focus("#tab-shot")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.id") == "tab-release"
    assert page.is_visible("#panel-release")
    assert page.get_attribute("#tab-release", "aria-selected") == "true"


def test_what_the_picture_shows_is_said_when_it_is_final(studio_page, shared_studio):
    studio_page.finish()
    words = studio_page.page.text_content("#announce")
    assert "The picture is final. Tianwen-1 over the north pole of Mars." in words
    metres = Scene.load(shared_studio[0] / "shot.toml").view().facts["range_to_craft_m"]
    assert f"{metres:.1f} metres away, is whole in the picture" in words


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)])
def test_no_panel_is_wider_than_the_page(studio_page, size):
    page = studio_page.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    for tab in page.locator("[role=tab]").all():
        tab.click()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("(panels => panels.scrollWidth <= panels.clientWidth)(document.getElementById('panels'))")
