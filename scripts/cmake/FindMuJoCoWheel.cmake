# MuJoCo from the `mujoco` wheel of the project's own virtual environment (its soname carries the full version).
# Set MUJOCO_WHEEL_DIR to the wheel's `mujoco` folder to use another one.
set(INFANS_MUJOCO_VERSION 4.0.0)
if(NOT MUJOCO_WHEEL_DIR)
  file(GLOB _candidates "${PROJECT_SOURCE_DIR}/.venv/lib/python3*/site-packages/mujoco")
  if(DEFINED ENV{VIRTUAL_ENV})
    file(GLOB _active "$ENV{VIRTUAL_ENV}/lib/python3*/site-packages/mujoco")
    list(APPEND _candidates ${_active})
  endif()
  if(Python_EXECUTABLE)
    execute_process(COMMAND "${Python_EXECUTABLE}" -c
      "import importlib.util as u; print(u.find_spec('mujoco').submodule_search_locations[0])"
      OUTPUT_VARIABLE _seen OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    list(APPEND _candidates ${_seen})
  endif()
  foreach(_dir IN LISTS _candidates)
    if(EXISTS "${_dir}/libmujoco.so.${INFANS_MUJOCO_VERSION}")
      set(MUJOCO_WHEEL_DIR "${_dir}" CACHE PATH "The `mujoco` folder of the wheel")
      break()
    endif()
  endforeach()
endif()
if(NOT MUJOCO_WHEEL_DIR OR NOT EXISTS "${MUJOCO_WHEEL_DIR}/libmujoco.so.${INFANS_MUJOCO_VERSION}")
  message(FATAL_ERROR "MuJoCo ${INFANS_MUJOCO_VERSION} was not found in a wheel. Run scripts/setup (it makes .venv), or pass "
    "-DMUJOCO_WHEEL_DIR=<site-packages>/mujoco of a `pip install mujoco==${INFANS_MUJOCO_VERSION}`.")
endif()
if(NOT TARGET infans::libmujoco)
  add_library(infans_libmujoco SHARED IMPORTED GLOBAL)
  set_target_properties(infans_libmujoco PROPERTIES
    IMPORTED_LOCATION "${MUJOCO_WHEEL_DIR}/libmujoco.so.${INFANS_MUJOCO_VERSION}"
    INTERFACE_INCLUDE_DIRECTORIES "${MUJOCO_WHEEL_DIR}/include")
  add_library(infans::libmujoco ALIAS infans_libmujoco)
endif()
set(MuJoCoWheel_FOUND TRUE)
