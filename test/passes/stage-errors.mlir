// RUN: dit-opt-test %s --dit-stage --split-input-file --verify-diagnostics

// expected-error@below {{argument 1 must be named x, t or y, but is 'z'}}
func.func @denoise(%x: tensor<?x4xf32> {dit.name = "x"}, %z: tensor<?x4xf32> {dit.name = "z"}) {
  return
}

// -----

// expected-error@below {{argument 0 must be named x, t or y, but is without dit.name}}
func.func @denoise(%x: tensor<?x4xf32>) {
  return
}

// -----

func.func @denoise(%x: tensor<?x4xf32> {dit.name = "x"}, %t: tensor<?xf32> {dit.name = "t"}) -> tensor<?x4xf32> {
  // expected-error@below {{reads t or y beside x; only what is computed from t and y can cross into @denoise}}
  %m = "test.pure"(%x, %t) : (tensor<?x4xf32>, tensor<?xf32>) -> tensor<?x4xf32>
  return %m : tensor<?x4xf32>
}

// -----

// expected-error@below {{expected one function @denoise and neither @prepare nor @condition}}
module {
  func.func @network() {
    return
  }
}

// -----

// expected-error@below {{expected one function @denoise and neither @prepare nor @condition}}
module {
  func.func @prepare() {
    return
  }
  func.func @denoise() {
    return
  }
}
