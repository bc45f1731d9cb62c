/** Email address of the data protection officer. It must match the address in the consent text (shared/messages/src/consent.rs). */
export const DPO_EMAIL = "dpo@mindigital.gr";
