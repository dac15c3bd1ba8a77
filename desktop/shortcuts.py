"""One table of everything that has a key; menus, tool tips and the help sheet read it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ActionSpec:
    """Something the user can do.

    Attributes:
        id: what the program calls it.
        menu: the menu it stands in.
        text: what the menu says.
        keys: shortcuts, the first one is shown.
        icon: file in resources/icons, or "".
        checkable: whether it is on or off.
        group: of actions of the same group exactly one is on.
        separate: a line stands above it in the menu.
        needs: "", "portrait" or "head": what must be there.
    """

    id: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    checkable: bool = False
    group: str = ""
    separate: bool = False
    needs: str = ""


ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open", "File", "Open Portrait…", ("Ctrl+O",), "open"),
    ActionSpec("sample", "File", "Open the Sample"),
    ActionSpec("export_ply", "File", "Export 3D Gaussians…", ("Ctrl+E",), "splat-file",
               separate=True, needs="head"),
    ActionSpec("export_picture", "File", "Export Picture…", ("Ctrl+I",), "picture", needs="head"),
    ActionSpec("export_video", "File", "Export Orbit Video…", ("Ctrl+M",), "video", needs="head"),
    ActionSpec("models", "File", "Models…", ("Ctrl+Shift+M",), separate=True),
    ActionSpec("quit", "File", "Quit", ("Ctrl+Q",), separate=True),
    ActionSpec("undo", "Edit", "Undo", ("Ctrl+Z",), "undo"),
    ActionSpec("redo", "Edit", "Redo", ("Ctrl+Shift+Z", "Ctrl+Y"), "redo"),
    ActionSpec("paste", "Edit", "Paste Portrait", ("Ctrl+V",), "paste", separate=True),
    ActionSpec("make", "Head", "Make Head", ("Ctrl+R", "F5"), needs="portrait"),
    ActionSpec("cancel", "Head", "Cancel", ("Esc",)),
    ActionSpec("fit", "Head", "Fit to the Photograph", ("F",), checkable=True, separate=True),
    ActionSpec("foreground", "Head", "Hide the Background", ("X",), "foreground",
               checkable=True),
    ActionSpec("paint", "Head", "Paint the Face Map", ("P",), "brush", checkable=True,
               separate=True, needs="head"),
    ActionSpec("prompt", "Style", "Describe the Head…", ("T",), needs="head"),
    ActionSpec("style_picture", "Style", "From a Picture…", ("Ctrl+P",), needs="head"),
    ActionSpec("style_paste", "Style", "Paste a Picture as Style", ("Ctrl+Shift+V",),
               needs="head"),
    ActionSpec("own_style", "Style", "From This Portrait", ("Ctrl+Shift+P",), "reset"),
    ActionSpec("blend", "Style", "Blend with Another", ("Ctrl+Shift+B",), checkable=True,
               needs="head"),
    ActionSpec("variations", "Style", "Four Variations", ("Ctrl+D",), "variations",
               separate=True, needs="head"),
    ActionSpec("earlier", "Style", "Result Before", (",",), separate=True, needs="head"),
    ActionSpec("later", "Style", "Result After", (".",), needs="head"),
    ActionSpec("compare_results", "Style", "Compare Two Results", ("Ctrl+Shift+C",),
               "results-side", checkable=True, needs="head"),
    ActionSpec("transition", "Style", "Export Transition Video…", ("Ctrl+Shift+T",),
               "transition", needs="head"),
    ActionSpec("front", "View", "Front", ("1",), "front", needs="head"),
    ActionSpec("three_quarter", "View", "Three-Quarter", ("2",), "three-quarter", needs="head"),
    ActionSpec("side", "View", "Side", ("3",), "side", needs="head"),
    ActionSpec("back", "View", "Back", ("4",), "back", needs="head"),
    ActionSpec("reset", "View", "Reset the Camera", ("R", "Home"), "reset", needs="head"),
    ActionSpec("compare", "View", "Compare with the Photograph", ("C",), "compare",
               checkable=True, separate=True, needs="head"),
    ActionSpec("splats", "View", "Splats", ("Ctrl+1",), "splats", checkable=True,
               group="mode", separate=True, needs="head"),
    ActionSpec("points", "View", "Points", ("Ctrl+2",), "points", checkable=True, group="mode",
               needs="head"),
    ActionSpec("depth", "View", "Depth", ("Ctrl+3",), "depth", checkable=True, group="mode",
               needs="head"),
    ActionSpec("normals", "View", "Normals", ("Ctrl+4",), "normals", checkable=True,
               group="mode", needs="head"),
    ActionSpec("sharpen", "View", "Sharpen", ("S",), checkable=True, separate=True),
    ActionSpec("panels", "View", "Side Panels", ("Ctrl+B",), checkable=True, separate=True),
    ActionSpec("full_screen", "View", "Full Screen", ("F11",), checkable=True),
    ActionSpec("help", "Help", "Shortcuts and Gestures", ("F1",), "help"),
    ActionSpec("about", "Help", "About PercHead"),
)  # fmt: skip

PAINT_ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("brush", "Paint", "Brush", ("B",), "brush", checkable=True, group="tool"),
    ActionSpec("eraser", "Paint", "Eraser", ("E",), "eraser", checkable=True, group="tool"),
    ActionSpec("restore", "Paint", "Restore What Was Parsed", ("Q",), "restore-brush",
               checkable=True, group="tool"),
    ActionSpec("smooth", "Paint", "Smooth Borders", ("W",), "smooth", checkable=True,
               group="tool"),
    ActionSpec("fill", "Paint", "Fill", ("G",), "fill", checkable=True, group="tool"),
    ActionSpec("lasso", "Paint", "Lasso", ("L",), "lasso", checkable=True, group="tool"),
    ActionSpec("move", "Paint", "Move and Scale", ("V",), "move", checkable=True, group="tool"),
    ActionSpec("pick", "Paint", "Pick a Class", ("I",), "pick", checkable=True, group="tool"),
    ActionSpec("stamps", "Paint", "Stamps", ("A",)),
    ActionSpec("mirror", "Paint", "Mirror Brush", ("M",), "mirror", checkable=True),
    ActionSpec("contiguous", "Paint", "Only the Clicked Patch", ("J",), checkable=True),
    ActionSpec("smaller", "Paint", "Smaller Brush", ("[",)),
    ActionSpec("larger", "Paint", "Larger Brush", ("]",)),
    ActionSpec("shown", "Paint", "Show the Class", ("H",), checkable=True, separate=True),
    ActionSpec("locked", "Paint", "Lock the Class", ("K",), checkable=True),
    ActionSpec("only_over", "Paint", "Paint Only Over the Class", ("N",), checkable=True),
    ActionSpec("free_classes", "Paint", "Show and Unlock All", ("Shift+K",)),
    ActionSpec("overlay", "Map View", "Overlay", ("Alt+1",), "map-overlay", checkable=True,
               group="map_view"),
    ActionSpec("outline", "Map View", "Outlines", ("Alt+2",), "map-outline", checkable=True,
               group="map_view"),
    ActionSpec("side_by_side", "Map View", "Side by Side", ("Alt+3",), "map-side",
               checkable=True, group="map_view"),
    ActionSpec("more_opaque", "Map View", "More Opaque", ("O",)),
    ActionSpec("less_opaque", "Map View", "Less Opaque", ("Shift+O",)),
    ActionSpec("fit_map", "Map View", "Whole Map", ("0",), "fit", separate=True),
    ActionSpec("reset_map", "Paint", "Reset the Map", ("Ctrl+Shift+R",), "map-reset",
               separate=True),
    ActionSpec("import_map", "Paint", "Import a Map…", ("Ctrl+Shift+O",), "map-import"),
    ActionSpec("export_map", "Paint", "Export the Map…", ("Ctrl+Shift+E",), "map-export"),
)  # fmt: skip
"""What the painting panel does; its keys work while it has the focus, and mean nothing else.

Where `menu` is not "Paint", it is a submenu of that one.
"""

GESTURES: tuple[tuple[str, str, str], ...] = (
    ("Head", "Left drag, arrow keys", "Orbit"),
    ("Head", "Middle drag, Shift + left drag", "Pan"),
    ("Head", "Wheel, + and −", "Zoom"),
    ("Head", "Ctrl + wheel", "Field of view"),
    ("Head", "2 or 3 again", "The same view from the other side"),
    ("Photograph", "Drag the box", "Move the crop"),
    ("Photograph", "Drag a corner, + and −", "Size the crop"),
    ("Photograph", "Drag beside the box", "Draw a new crop"),
    ("Photograph", "Click a face", "Use that face"),
    ("Style", "Drop a picture", "Take its look"),
    ("Results", "Click", "Go back to it"),
    ("Results", "Ctrl + click", "Compare it with the shown head"),
    ("Window", "Drop a picture", "Open it"),
)
"""What the mouse does: (where, gesture, effect); only the help sheet needs it."""

PAINT_GESTURES: tuple[tuple[str, str, str], ...] = (
    ("Map", "Hold Ctrl", "Erase instead"),
    ("Map", "Alt + wheel", "Size of the brush"),
    ("Map", "Shift + click", "Straight line from the last stroke"),
    ("Map", "Alt + click", "Pick the class"),
    ("Map", "Wheel", "Zoom at the cursor"),
    ("Map", "Hold Space, middle drag", "Pan"),
    ("Map", "Lasso: drag, clicks", "Draw around, or a polygon"),
    ("Map", "Enter, double click", "Close the polygon"),
    ("Map", "Move: drag, corners", "Move and scale, Shift: same shape"),
    ("Map", "Move: arrow keys", "Nudge, Shift: further"),
    ("Map", "Esc", "Let go, take the stroke back"),
    ("Classes", "Up, Down", "The class before, after"),
    ("Classes", "Right click", "Show, lock, paint only over"),
)
"""What the mouse does on the painting canvas: (where, gesture, effect)."""
