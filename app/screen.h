// Screen: the terminal, taken over for a while - pages drawn over one another, keys read as they
// are pressed - and given back as it was, whatever ends the command.
//
// One at a time, on the main thread, before there are others: it blocks SIGINT, SIGTERM, SIGHUP and
// SIGWINCH in the process while it lives, and tells of them as keys.
#pragma once

#include <termios.h>

#include <cstddef>
#include <string>
#include <vector>

#include "tidemill/time.h"

namespace tidemill::app {

class Screen {
 public:
  struct Size {
    std::size_t columns = 80;
    std::size_t rows = 24;
  };

  /// Keys that are no letters.
  static constexpr int none = 0;     ///< The time was over.
  static constexpr int resized = 1;  ///< Draw anew.
  static constexpr int quit = 3;     ///< Ctrl-C, the end of the input, or a signal that says so.

  /// Are standard input and output both a terminal, and one that can draw?
  static bool possible();

  Screen();
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  static Size size();

  /// In the place of what was drawn before; no more lines than fit.
  void draw(const std::vector<std::string>& lines);

  /// A letter as it was pressed, or one of the above.
  int key(Duration at_most);

 private:
  termios before_{};
  int signals_ = -1;
};

}  // namespace tidemill::app
