// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.h"

#include <gtest/gtest.h>

#include "base/result.h"

namespace sluice {
namespace {

TEST(ByteCursor, TakesAllOrNothing) {
  ByteCursor cursor{as_bytes("abcdef")};
  EXPECT_EQ(as_text(*cursor.take(2)), "ab");
  EXPECT_FALSE(cursor.take(5));
  EXPECT_EQ(as_text(cursor.rest()), "cdef") << "a refused take moves nothing";
  EXPECT_EQ(as_text(*cursor.take(4)), "cdef");
  EXPECT_FALSE(cursor.take_struct<char>());
}

TEST(Error, TellsWhatWasBeingDoneOutermostFirst) {
  const Result<> inner = fail(ENOENT, "open 'x'");
  const Result<> outer = fail(inner.error(), "load policy");
  EXPECT_EQ(outer.error().message(), "load policy: open 'x': No such file or directory");
}

}  // namespace
}  // namespace sluice
