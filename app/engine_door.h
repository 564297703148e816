// EngineDoor: how commands that watch reach a running engine - by the socket in its data folder, or
// by the address of its admin API.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "core/admin/admin_client.h"
#include "tidemill/result.h"
#include "tidemill/time.h"

namespace tidemill::app {

struct EngineDoor {
  std::string data = "tidemill-data";
  std::string url;         ///< http://HOST:PORT; empty: the data folder.
  std::string token_path;  ///< Of a file with the token for that.

  /// Declares --data, --engine and --engine-token-file.
  void add_to(CLI::App& command);

  /// A client that gives each answer so long. Over the socket its engine has just answered.
  ///
  /// Errors: transient (no engine is there), bad_config (no such address or file).
  Result<AdminClient> open(Duration answer_max = std::chrono::seconds(30)) const;
};

}  // namespace tidemill::app
