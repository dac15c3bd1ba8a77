@echo off
rem Makes the environment the first time, then starts PercHead. Try: run.bat --help
setlocal
set "PERCHEAD_PROGRAM=%~n0"
set "HERE=%~dp0"
set "PYTHON=%HERE%.venv\Scripts\python.exe"
set "STAMP=%HERE%.venv\perchead-ready"
set "EXTRAS="
if "%~1"=="test" set "EXTRAS=[dev]"
set "READY="
if exist "%STAMP%" set /p READY=<"%STAMP%"
if "%READY%"=="ready[dev]" goto start
if "%READY%"=="ready" if "%EXTRAS%"=="" goto start

echo PercHead set-up: making the environment in %HERE%.venv (only the first time, a few minutes)
where uv >nul 2>nul
if %errorlevel%==0 (
    if not exist "%PYTHON%" uv venv --quiet --python ">=3.11,<3.14" "%HERE%.venv" || goto nopython
    echo PercHead set-up: installing the libraries, about 1 GB
    uv pip install --compile-bytecode --python "%PYTHON%" -c "%HERE%constraints.txt" -e "%HERE%.%EXTRAS%" || goto noinstall
) else (
    if not exist "%PYTHON%" py -3 -m venv "%HERE%.venv" || goto nopython
    echo PercHead set-up: installing the libraries, about 1 GB
    "%PYTHON%" -m pip install -c "%HERE%constraints.txt" -e "%HERE%.%EXTRAS%" || goto noinstall
)
echo PercHead set-up: compiling the renderer for this computer, about half a minute
set "PYTHONPATH=%HERE%"
"%PYTHON%" -m desktop setup || goto noinstall
>"%STAMP%" echo ready%EXTRAS%

:start
set "PYTHONPATH=%HERE%"
if "%~1"=="test" (
    cd /d "%HERE%"
    set "QT_QPA_PLATFORM=offscreen"
    if "%~2"=="" goto alltests
    "%PYTHON%" -m pytest %2 %3 %4 %5 %6 %7 %8 %9
) else (
    "%PYTHON%" -m desktop %*
)
exit /b %errorlevel%

rem Two files at a time, but for those that drive the window and measure whether it stands still.
:alltests
set "FAILED=0"
set "OMP_NUM_THREADS=1"
"%PYTHON%" -m pytest -n 2 --dist loadfile --ignore tests/desktop || set "FAILED=1"
set "OMP_NUM_THREADS="
"%PYTHON%" -m pytest tests/desktop || set "FAILED=1"
exit /b %FAILED%

:nopython
echo PercHead set-up: Python 3.11 to 3.13 is needed: install it from python.org and try again.
exit /b 1
:noinstall
echo PercHead set-up: the libraries could not be installed: check the network and the disk, then run this again.
exit /b 1
