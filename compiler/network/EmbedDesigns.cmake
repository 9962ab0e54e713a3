# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cmake -DOUTPUT=FILE -DFOLDER=model_specs/designs -P EmbedDesigns.cmake: the
# designs as initialisers {"conditioning/adaln.yaml", "text"}, for Designs.cpp.
file(GLOB_RECURSE designs RELATIVE ${FOLDER} ${FOLDER}/*.yaml)
list(SORT designs)
set(text "")
foreach(design IN LISTS designs)
  file(READ ${FOLDER}/${design} content)
  string(APPEND text "{\"${design}\", R\"design(${content})design\"},\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
