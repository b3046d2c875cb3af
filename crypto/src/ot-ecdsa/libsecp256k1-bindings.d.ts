// The native half of the package `secp256k1`, which has no types of its own.
declare module "secp256k1/bindings.js" {
  import secp256k1 = require("secp256k1");
  export = secp256k1;
}
