/** Others connect to whoever has a certificate of this profile. */
export const serves = (profile: string): boolean => profile === 'server' || profile === 'peer';
