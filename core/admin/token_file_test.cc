#include "core/admin/token_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tidemill/testing/temp_folder.h"

namespace tidemill {
namespace {

class TokenFile : public ::testing::Test {
 protected:
  void write(std::string_view text) { std::ofstream(path_) << text; }

  testing::TempFolder folder_;
  std::string path_ = folder_.path() + "/token";
};

TEST_F(TokenFile, WhiteSpaceAroundTheTokenIsNotPartOfIt) {
  write("\n  s3cret \r\n");

  const auto token = read_token_file(path_);

  ASSERT_TRUE(token);
  EXPECT_EQ(*token, "s3cret");
}

TEST_F(TokenFile, AnEmptyOrMissingOneIsAMistake) {
  EXPECT_EQ(read_token_file(path_).error().fault, Fault::bad_config);
  write(" \n");
  EXPECT_EQ(read_token_file(path_).error().fault, Fault::bad_config);
}

TEST_F(TokenFile, IsMadeWithARandomTokenWhereThereIsNone) {
  const auto made = read_or_make_token_file(path_);
  const auto mode = std::filesystem::status(path_).permissions();
  const auto kept = read_or_make_token_file(path_);
  std::filesystem::remove(path_);
  const auto another = read_or_make_token_file(path_);

  ASSERT_TRUE(made && kept && another);
  EXPECT_EQ(made->text.size(), 64U);
  EXPECT_TRUE(made->is_new);
  EXPECT_EQ(mode, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  EXPECT_EQ(kept->text, made->text);
  EXPECT_FALSE(kept->is_new);
  EXPECT_NE(another->text, made->text);
}

TEST_F(TokenFile, ThatCannotBeMadeIsAMistake) {
  const auto made = read_or_make_token_file(path_ + "/in/no/folder");

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().fault, Fault::bad_config);
}

}  // namespace
}  // namespace tidemill
