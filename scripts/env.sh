# SPDX-License-Identifier: MPL-2.0
# To be sourced (bash, zsh; plain sh from the project's folder):   . scripts/env.sh
# Then gst-launch-1.0 and gst-inspect-1.0 find the built plugin and ONNX Runtime, and the shell
# finds matte-camera. Variables that are already set stay.
# shellcheck shell=sh disable=SC3028,SC3054

if [ -n "${ZSH_VERSION:-}" ]; then
    eval '_matte_root=${${(%):-%x}:A:h:h}'
elif [ -n "${BASH_VERSION:-}" ]; then
    _matte_root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
else
    _matte_root=$PWD
fi
_matte_cache=${MATTE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/matte}
_matte_plugins=${CARGO_TARGET_DIR:-$_matte_root/target}/release

if [ -d "$HOME/.cargo/bin" ]; then
    case ":$PATH:" in *":$HOME/.cargo/bin:"*) ;; *) PATH=$HOME/.cargo/bin:$PATH ;; esac
fi
# matte-camera lies beside the plugin.
case ":$PATH:" in *":$_matte_plugins:"*) ;; *) PATH=$_matte_plugins:$PATH ;; esac
case ":${GST_PLUGIN_PATH:-}:" in
    *":$_matte_plugins:"*) ;;
    *) export GST_PLUGIN_PATH="$_matte_plugins${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}" ;;
esac
if [ -z "${ORT_DYLIB_PATH:-}" ] && [ -e "$_matte_cache/onnxruntime-1.32.0/libonnxruntime.so" ]; then
    export ORT_DYLIB_PATH="$_matte_cache/onnxruntime-1.32.0/libonnxruntime.so"
fi
# Official builds of ONNX Runtime report to Microsoft; the plugin forbids it, Python programs need
# this.
export ORT_DISABLE_TELEMETRY="${ORT_DISABLE_TELEMETRY:-1}"
unset _matte_root _matte_cache _matte_plugins
