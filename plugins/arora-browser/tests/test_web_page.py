"""The page of ``arora web``, in a real Chromium."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .chromium import Chromium, chromium
from .node_page import test_files as copy_test_files

__all__ = ["chromium"]


class OpenPage:
    """The page, with its uncaught errors, console errors, and requests to other sites."""

    def __init__(self, chromium: Chromium, **context: Any) -> None:
        self.page: Page = chromium.page(**context)
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", lambda message: self.wrong.append(message.text) if message.type == "error" else None)
        self.page.on("request", lambda request: self._own(request.url, chromium.url))
        self.page.goto(chromium.url)
        expect(self.page.locator("#main")).to_have_attribute("aria-busy", "false", timeout=60_000)

    def _own(self, url: str, address: str) -> None:
        if not url.startswith((address, "blob:", "data:")):
            self.wrong.append(f"requested {url}")


@pytest.fixture(scope="module")
def opened(chromium: Chromium) -> Iterator[OpenPage]:
    """The page as it opens, for tests that do not mind what others did there."""
    opened = OpenPage(chromium, viewport={"width": 1280, "height": 800})
    yield opened
    opened.page.context.close()


@pytest.fixture
def page(opened: OpenPage) -> Page:
    return opened.page


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_test_files(tmp_path_factory.mktemp("modules"))


def _module(directory: Path) -> list[Path]:
    return sorted(file for file in directory.rglob("*") if file.is_file())


def _form(page: Page, function: str) -> Any:
    return page.locator(f'form[data-function="{function}"]')


def test_it_opens_on_the_example_and_draws_the_arm_at_the_returned_pose(opened: OpenPage) -> None:
    page = opened.page
    expect(page.locator("#state")).to_have_text("ur5 is ready")
    expect(page.locator("#arm-says")).to_have_text(re.compile(r"tool at x -0\.\d{3}, y 0\.\d{3}, z 0\.\d{3} m"))
    assert page.locator("#arm svg .bone").count() > 0
    assert opened.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_narrow_phone_and_can_be_read_and_used_there(opened: OpenPage, scheme: Any) -> None:
    page = opened.page
    wide = page.viewport_size
    assert wide is not None
    page.set_viewport_size({"width": 360, "height": 740})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    unnamed = page.evaluate("""() => [...document.querySelectorAll("input, select, textarea, button")]
        .filter((each) => !(each.labels?.length || each.textContent.trim())).map((each) => each.outerHTML)""")
    assert unnamed == []
    assert _low_contrast(page) == []
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(wide)


def test_moving_a_joint_calls_the_module(page: Page) -> None:
    before = page.locator("#arm-says").inner_text()
    page.get_by_label("Shoulder").focus()
    page.keyboard.press("PageUp")
    expect(page.locator("#arm-says")).not_to_have_text(before)
    expect(page.locator("#timing")).to_have_text(re.compile(r"ur5\.forward returned in \d+\.\d\d ms"))


def test_a_call_shows_its_result_and_moves_the_arm(page: Page) -> None:
    form = _form(page, "forward")
    form.get_by_label("joints").fill("0, 0, 0, 0, 0, 0")
    form.get_by_role("button", name="Call forward").click()
    expect(page.locator("#result")).to_contain_text("-0.81725")
    expect(page.locator("#arm-says")).to_have_text("The module returns: tool at x -0.817, y -0.191, z -0.005 m")
    expect(page.get_by_label("Elbow")).to_have_value("0")


def test_a_failing_call_is_shown_with_the_class_of_its_error(page: Page) -> None:
    form = _form(page, "forward")
    form.get_by_label("joints").fill("1, 2")
    form.get_by_label("joints").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("GuestError")
    expect(page.get_by_role("alert")).to_contain_text("forward wants 6 joints, got 2")


def test_text_that_is_not_a_number_is_reported_and_its_field_focused(page: Page) -> None:
    form = _form(page, "clamp")
    form.get_by_label("joints").fill("one, two")
    form.get_by_role("button").click()
    expect(page.get_by_role("alert")).to_contain_text("“one” is not a number")
    expect(form.get_by_label("joints")).to_be_focused()


def test_mutable_parameters_are_shown_after_the_call(page: Page) -> None:
    form = _form(page, "clamp")
    form.get_by_label("joints").fill("9 -9 1")
    form.get_by_role("button").click()
    expect(page.locator("#result")).to_contain_text("[6.283185307179586, -6.283185307179586, 1]")
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_picked_module_is_loaded_and_may_call_another(page: Page, files: Path) -> None:
    page.get_by_label("Open a module…").set_input_files(_module(files / "watchdog"))
    expect(page.locator("#module-name")).to_have_text("watchdog")
    form = _form(page, "check")
    expect(form.get_by_label("reach")).to_have_value("0")
    form.get_by_label("joints").fill("0 0 0 0 0 0")
    form.get_by_role("button", name="Call check").click()
    expect(page.locator("#result")).to_contain_text("safe")


EVERYTHING = """
id: 6b0f3b9e-62d4-4c5e-9d3c-0c1f4a8e7b22
name: kinds
author: The Arora authors
license: Apache-2.0
version: {major: 1, minor: 0, patch: 0}
executor: {name: wasm}
exports:
  - type: function
    # It has the id, and so the code, of a function that takes none of this and says so.
    id: a9f6b4a2-8597-40ee-850e-6793240c418b
    name: everything
    parameters:
      - {id: c344f5f0-cb2b-4369-aa17-fcf8ac06a001, name: flag, type: {kind: scalar, id: bool}}
      - {id: c344f5f0-cb2b-4369-aa17-fcf8ac06a002, name: count, type: {kind: scalar, id: u64}, default_value: {u64: 7}}
      - {id: c344f5f0-cb2b-4369-aa17-fcf8ac06a003, name: title, type: {kind: scalar, id: str}}
      - {id: c344f5f0-cb2b-4369-aa17-fcf8ac06a004, name: point, type: {kind: scalar, id: kinematics.Vector3}}
      - {id: c344f5f0-cb2b-4369-aa17-fcf8ac06a005, name: verdict, type: {kind: scalar, id: safety.Verdict}}
      - {id: c344f5f0-cb2b-4369-aa17-fcf8ac06a006, name: maybe, type: {kind: option, id: f64}}
      - {id: c344f5f0-cb2b-4369-aa17-fcf8ac06a007, name: points, type: {kind: array, id: kinematics.Vector3}}
      - {id: c344f5f0-cb2b-4369-aa17-fcf8ac06a008, name: names, type: {kind: array, id: str}}
      - {id: c344f5f0-cb2b-4369-aa17-fcf8ac06a009, name: settings, type: {kind: map, key_id: str, value_id: f64}}
      - {id: c344f5f0-cb2b-4369-aa17-fcf8ac06a00a, name: anything, type: {kind: scalar, id: value}}
      - {id: c344f5f0-cb2b-4369-aa17-fcf8ac06a00b, name: pair, type: {kind: fixedarray, id: str, len: 2}}
"""


def test_no_name_of_a_module_or_function_is_an_id_of_the_page(page: Page, files: Path, tmp_path: Path) -> None:
    header = EVERYTHING.replace("name: kinds", "name: module").replace("name: everything", "name: name")
    (tmp_path / "module.yaml").write_text(header)
    shutil.copy(files / "ur5" / "ur5.wasm", tmp_path)
    shutil.copytree(files / "watchdog" / "records", tmp_path / "records")
    page.get_by_label("Open a module…").set_input_files(_module(tmp_path))
    expect(page.locator("#state")).to_have_text("module is ready")
    ids = page.evaluate('() => [...document.querySelectorAll("[id]")].map((each) => each.id)')
    assert sorted(set(ids)) == sorted(ids)


def test_there_is_a_field_for_every_type(page: Page, files: Path, tmp_path: Path) -> None:
    (tmp_path / "module.yaml").write_text(EVERYTHING)
    shutil.copy(files / "ur5" / "ur5.wasm", tmp_path)
    shutil.copytree(files / "watchdog" / "records", tmp_path / "records")
    page.get_by_label("Open a module…").set_input_files(_module(tmp_path))
    form = _form(page, "everything")
    form.get_by_label("flag").check()
    expect(form.get_by_label("count")).to_have_value("7")
    form.get_by_label("count").fill("18446744073709551615")
    form.get_by_label("title").fill("a title")
    for axis in "xyz":
        form.get_by_role("group", name="point kinematics.Vector3", exact=True).get_by_label(f"{axis} f64").fill("0.5")
    form.get_by_label("verdict").select_option("too_far")
    form.get_by_label("too_far").fill("1e3")
    form.get_by_label("give maybe").check()
    form.get_by_label("maybe f64").fill("-inf")
    form.get_by_role("button", name="Add to points").click()
    for axis in "xyz":
        form.get_by_role("group", name="points 1").get_by_label(f"{axis} f64").fill("1")
    form.get_by_role("button", name="Add to names").click()
    form.get_by_label("names 1 str").fill("one")
    form.get_by_role("button", name="Add to names").click()
    form.get_by_role("button", name="Remove names 2").click()
    form.get_by_role("button", name="Add to settings").click()
    form.get_by_label("key 1 str").fill("speed")
    form.get_by_label("value 1 f64").fill("0.25")
    form.get_by_label("anything").fill('{"option": {"i8": -1}}')
    form.get_by_label("pair 2 str").fill("second")
    form.get_by_role("button", name="Call everything").click()
    # The guest's own error: all arguments fit their types, so the guest was called.
    expect(page.get_by_role("alert")).to_contain_text("GuestError")
    form.get_by_label("count").fill("18446744073709551616")
    form.get_by_role("button", name="Call everything").click()
    expect(page.get_by_role("alert")).to_contain_text("ArgumentError")


def test_what_guests_write_is_in_the_log(page: Page, files: Path) -> None:
    page.get_by_label("Open a module…").set_input_files(_module(files / "probe"))
    expect(page.locator("#module-name")).to_have_text("probe")
    form = _form(page, "print")
    form.get_by_label("fd").fill("2")
    form.get_by_label("text").fill("hello\n")
    form.get_by_role("button").click()
    _form(page, "crash").get_by_role("button").click()
    expect(page.get_by_role("log")).to_contain_text("probe hello")
    expect(page.get_by_role("alert")).to_contain_text("Trap")


def test_a_malformed_header_is_shown_with_the_path_of_the_mistake(page: Page, files: Path, tmp_path: Path) -> None:
    header = json.loads((files / "probe" / "module.yaml").read_text())
    header["exports"][0]["parameters"][0]["type"]["id"] = "u33"
    (tmp_path / "module.yaml").write_text(json.dumps(header))
    shutil.copy(files / "probe" / "probe.wasm", tmp_path)
    page.get_by_label("Open a module…").set_input_files(_module(tmp_path))
    expect(page.get_by_role("alert")).to_contain_text("HeaderError")
    expect(page.get_by_role("alert")).to_contain_text("exports[0].parameters[0].type.id")


def test_a_missing_executable_is_reported(page: Page, files: Path) -> None:
    page.get_by_label("Open a module…").set_input_files([files / "ur5" / "module.yaml"])
    expect(page.get_by_role("alert")).to_contain_text(".wasm file that belongs to module.yaml")


def test_a_module_can_be_dropped_on_the_page(page: Page, files: Path) -> None:
    dropped = page.evaluate_handle(
        """(files) => {
            const transfer = new DataTransfer();
            for (const [name, bytes] of files) transfer.items.add(new File([new Uint8Array(bytes)], name));
            return transfer;
        }""",
        [[file.name, list(file.read_bytes())] for file in _module(files / "ur5")],
    )
    page.dispatch_event("body", "drop", {"dataTransfer": dropped})
    expect(page.locator("#module-name")).to_have_text("ur5")


def test_modules_can_be_switched_and_unloaded(page: Page) -> None:
    page.get_by_role("navigation").get_by_role("button", name="watchdog").click()
    expect(page.locator("#module-name")).to_have_text("watchdog")
    for _ in range(page.get_by_role("navigation").get_by_role("button").count()):
        page.get_by_role("button", name="Unload").click()
    expect(page.locator("#module-name")).to_have_text("No module")


def _low_contrast(page: Page) -> list[str]:
    """Texts whose colour differs from what is behind them by less than 4.5 to 1 (WCAG 2, 1.4.3)."""
    found: list[str] = page.evaluate("""() => {
        const parsed = (text) => text.match(/[\\d.]+/g).map(Number);
        const light = (colour) => {
          const [r, g, b] = colour.slice(0, 3).map((each) => each / 255)
            .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const behind = (element) => {
          for (let each = element; each; each = each.parentElement) {
            const colour = parsed(getComputedStyle(each).backgroundColor);
            if (colour.length < 4 || colour[3] > 0) return colour;
          }
          return [255, 255, 255];
        };
        return [...document.querySelectorAll("body *")]
          .filter((each) => [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
          .filter((each) => each.checkVisibility() && !each.closest("svg, noscript"))
          .filter((each) => {
            const [one, other] = [light(parsed(getComputedStyle(each).color)), light(behind(each))];
            return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05) < 4.5;
          })
          .map((each) => each.textContent);
    }""")
    return found
