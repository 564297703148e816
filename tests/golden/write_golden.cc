// Writes the golden data folder of the present format: write_golden FOLDER. See README.md.
#include <gtest/gtest.h>

#include <cstdio>

#include "contents_2_0.h"

int main(int argc, char** argv) {
  ::testing::GTEST_FLAG(throw_on_failure) = true;
  ::testing::InitGoogleTest(&argc, argv);
  if (argc != 2) {
    std::fputs("usage: write_golden FOLDER\n", stderr);
    return 2;
  }
  tidemill::golden::write_2_0(argv[1]);
  return 0;
}
